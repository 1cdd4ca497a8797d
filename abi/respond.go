package abi

import "unsafe"

// Pair is a header of an answer made by the host.
type Pair struct{ Name, Value string }

// Respond fills the response as a library would, for handlers that are Go
// functions of the host itself. It copies everything.
func (f *Frame) Respond(status int, headers []Pair, body []byte) error {
	f.prepare()
	list, err := f.room(len(headers) * int(unsafe.Sizeof(Field{})))
	if err != nil {
		return err
	}
	address := uintptr(unsafe.Pointer(unsafe.SliceData(list)))
	// The room is mapped memory, aligned to 16, with space for all of them.
	fields := unsafe.Slice(at[Field](address), len(headers))
	for n, h := range headers {
		if fields[n].Name, err = f.place([]byte(h.Name)); err != nil {
			return err
		}
		if fields[n].Value, err = f.place([]byte(h.Value)); err != nil {
			return err
		}
	}
	placed, err := f.place(body)
	if err != nil {
		return err
	}
	f.resp.Status = int32(status)
	if len(headers) > 0 {
		f.resp.Headers, f.resp.HeaderCount = address, uint64(len(headers))
	}
	f.resp.Body = placed
	return nil
}

// Fail fills in the message that goes with an error.
func (f *Frame) Fail(message string) {
	f.prepare()
	f.resp.Message, _ = f.place([]byte(message))
}
