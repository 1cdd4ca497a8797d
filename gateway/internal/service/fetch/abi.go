package fetch

import (
	"math"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Start implements abi.Service.
func (s *Service) Start(op *abi.Operation) {
	if op.Code != abi.HTTPFetchOp {
		service.Finish(op, nil, service.Errorf(abi.ErrUnsupported, "outbound HTTP has no operation %d", op.Code))
		return
	}
	r, err := decode(op.Args)
	if err != nil {
		if err == abi.ErrArgs {
			err = service.Errorf(abi.ErrInvalid, "malformed arguments")
		}
		service.Finish(op, nil, err)
		return
	}
	call := service.CallOf(op)
	if !op.Background() {
		call.RequestID, call.Header = op.RequestID(), op.RequestHeader
	}
	op.Cancel = s.Submit(call, r, func(result Result, err error) {
		if err != nil {
			service.Finish(op, nil, err)
			return
		}
		op.Finish(abi.OK, response(result))
	})
}

// decode copies the arguments out of the library's memory.
func decode(given abi.Args) (r Request, err error) {
	args, err := abi.Load[abi.HTTPRequest](given)
	if err != nil {
		return r, err
	}
	if args.Flags&^uint32(abi.HTTPNoRedirects) != 0 {
		return r, service.Errorf(abi.ErrUnsupported, "unknown flags %#x", args.Flags)
	}
	if args.URL.Len > maxURL || args.HeaderCount > maxHeaders || args.Body.Len > maxSent {
		return r, service.Errorf(abi.ErrTooLarge, "a URL of %d bytes, %d headers, a body of %d bytes; at most %d, %d and %d can be sent",
			args.URL.Len, args.HeaderCount, args.Body.Len, maxURL, maxHeaders, maxSent)
	}
	r.NoRedirects = args.Flags&abi.HTTPNoRedirects != 0
	r.Timeout, r.MaxBody = time.Duration(args.Timeout), int64(min(args.MaxBody, math.MaxInt64))
	if r.Method, err = args.Method.Text(maxHeader); err != nil {
		return r, err
	}
	if r.URL, err = args.URL.Text(maxURL); err != nil {
		return r, err
	}
	fields, err := abi.LoadList[abi.Field](args.Headers, args.HeaderCount, maxHeaders)
	if err != nil {
		return r, err
	}
	r.Headers = make([]Header, len(fields))
	for n, f := range fields {
		if r.Headers[n].Name, err = f.Name.Text(maxHeader); err != nil {
			return r, err
		}
		if r.Headers[n].Value, err = f.Value.Text(maxHeader); err != nil {
			return r, err
		}
	}
	r.Body, err = args.Body.Copy(maxSent)
	return r, err
}

// response is eg_http_response.
type response Result

func (r response) Space() int {
	n := abi.SpaceOf[abi.HTTPResponse](1) + abi.SpaceOf[abi.Field](len(r.Headers)) + abi.SpaceFor(len(r.Body)) + abi.SpaceFor(len(r.URL))
	for _, h := range r.Headers {
		n += abi.SpaceFor(len(h.Name)) + abi.SpaceFor(len(h.Value))
	}
	return n
}

func (r response) Place(room *abi.Room) uintptr {
	fields := make([]abi.Field, len(r.Headers))
	for n, h := range r.Headers {
		fields[n] = abi.Field{Name: room.Text(h.Name), Value: room.Text(h.Value)}
	}
	return abi.Place(room, abi.HTTPResponse{
		StructSize: abi.StructSize[abi.HTTPResponse](), Status: int32(r.Status),
		Headers: abi.PlaceList(room, fields), HeaderCount: uint64(len(fields)),
		Body: room.Bytes(r.Body), URL: room.Text(r.URL), Elapsed: int64(r.Elapsed),
	})
}
