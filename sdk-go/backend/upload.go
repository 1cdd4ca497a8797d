package backend

import edge "github.com/edge-gateway/edge-gateway/sdk-go"

// partSize is how much is gathered before it is sent: each part is an operation,
// with a thread that waits for it.
const partSize = 1 << 20

// mostSize bounds a part: services take no operation of any size.
const mostSize = 16 << 20

type upload struct {
	backend Storage
	id      uint64
	part    []byte // not sent yet
	over    bool   // finished or given up
	err     error  // the first
}

func (u *upload) Write(p []byte) (n int, err error) {
	if err := u.open(); err != nil {
		return 0, err
	}
	if len(u.part)+len(p) > partSize && len(u.part) > 0 {
		u.err = u.backend.Write(u.id, u.part)
		u.part = u.part[:0]
	}
	for u.err == nil && len(p)-n >= partSize { // as they are, without a copy
		part := p[n:min(n+mostSize, len(p))]
		if u.err = u.backend.Write(u.id, part); u.err == nil {
			n += len(part)
		}
	}
	if u.err != nil {
		return n, u.err
	}
	u.part = append(u.part, p[n:]...)
	return len(p), nil
}

func (u *upload) Finish() (*edge.Object, error) {
	if err := u.open(); err != nil {
		return nil, err
	}
	object, err := u.backend.Finish(u.id, u.part)
	u.over, u.part, u.err = err == nil, nil, err
	return object, err
}

func (u *upload) Abort() error {
	if u.over {
		return nil
	}
	u.over, u.part = true, nil
	return u.backend.Abort(u.id)
}

func (u *upload) open() error {
	if u.over {
		return failure(edge.ErrInvalid, "the upload has been finished or given up")
	}
	return u.err
}
