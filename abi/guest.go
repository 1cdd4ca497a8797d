package abi

// Guest is the other end of a link: it runs one instance for the gateway, in a
// process of its own.
//
//	guest := abi.NewGuest(link)
//	instance, err := abi.Start(library, abi.Options{Host: guest, Memory: guest.Memory(), ...})
//	guest.Serve(instance, threads) // until Stop
//
// It is the instance's [Host]: what the library asks for goes over the link, so
// Remote.Run has to be running from before Start on.
type Guest struct{ link *Link }

// NewGuest makes the other end.
func NewGuest(l *Link) *Guest { panic("not written") }

// Memory is where the instance's requests lie.
func (g *Guest) Memory() *Memory { panic("not written") }

// Serve runs requests, at most so many at a time in native code, until Stop.
func (g *Guest) Serve(i *Instance, threads int) { panic("not written") }

// Stop ends Serve, and waits until no native call runs.
func (g *Guest) Stop() { panic("not written") }
