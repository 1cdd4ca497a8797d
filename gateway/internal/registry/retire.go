package registry

// NewInstance wraps a module that has started, of the version with a digest,
// whose library has so many bytes. It answers requests when Swap says so, or has
// to be discarded.
func (e *Endpoint) NewInstance(m Module, digest, identity string, size int64) *Instance {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := newInstance(m, e.version(digest), identity, size)
	i.Version.loaded++
	e.live[i] = false
	e.forget()
	return i
}

// TakeBack finds a replaced instance that still drains and would do as well as
// a new one; nil if there is none. It lets requests in again as soon as Swap
// makes it part of the split, or has to be discarded.
func (e *Endpoint) TakeBack(identity string) *Instance {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, drains := range e.live {
		if drains && identity != "" && i.Identity == identity && i.undrain() {
			e.live[i] = false
			e.version(i.Version.Digest) // is the one used last
			return i
		}
	}
	return nil
}

// Discard ends an instance that will not be used after all.
func (e *Endpoint) Discard(i *Instance) { e.retire(i) }

func (e *Endpoint) retire(old *Instance) {
	idle := old.drain()
	e.mu.Lock()
	e.live[old] = true // from here on it can be taken back
	e.mu.Unlock()
	e.retired.Go(func() {
		<-idle
		if old.close(idle) {
			e.end(old)
		}
	})
}

// end shuts a drained instance down.
func (e *Endpoint) end(i *Instance) {
	i.Module.Shutdown()
	gone, err := i.Module.Unload()
	if err != nil {
		e.log.Error("a replaced version could not be unloaded", "endpoint", e.Name, "version", i.Version.Digest, "error", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.live, i)
	v := i.Version
	v.loaded--
	if gone {
		v.unloaded++
	} else {
		v.retained++
		v.bytes += i.size
	}
	e.forget()
}

// Retired waits until every replaced instance has been drained and ended.
func (e *Endpoint) Retired() { e.retired.Wait() }
