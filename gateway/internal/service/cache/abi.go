package cache

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Start implements abi.Service.
func (s *Service) Start(op *abi.Operation) {
	r, err := decode(op)
	switch {
	case err != nil:
		service.Finish(op, nil, err)
	case s.inline != nil:
		result, err := s.inline.Do(r)
		finish(op, result, err)
	default:
		op.Cancel = s.driver.Submit(service.CallOf(op), r, func(result Result, err error) { finish(op, result, err) })
	}
}

func finish(op *abi.Operation, result Result, err error) {
	switch {
	case err != nil:
		service.Finish(op, nil, err)
	case op.Code == abi.CacheGetOp:
		op.Finish(abi.OK, entries(result.Entries))
	case op.Code == abi.CacheCountOp:
		op.Finish(abi.OK, number(result.Number))
	default:
		op.Finish(abi.OK, nil)
	}
}

// decode copies the arguments of an operation out of the library's memory.
func decode(op *abi.Operation) (r Request, err error) {
	r.Op = Op(op.Code)
	switch r.Op {
	case Get:
		err = decodeKeys(op, &r)
	case Put:
		err = decodePut(op, &r)
	case Delete, Exists:
		var args abi.CacheKey
		if args, err = abi.Load[abi.CacheKey](op.Args); err == nil {
			err = decodeKey(args.Key, &r.Key)
		}
	case Count:
		var args abi.CacheCount
		if args, err = abi.Load[abi.CacheCount](op.Args); err == nil {
			r.Delta, r.Initial, r.TTL = args.Delta, args.Initial, time.Duration(args.TTL)
			r.Create = args.Flags&abi.CacheCreate != 0
			if args.Flags&^uint32(abi.CacheCreate) != 0 {
				return r, service.Errorf(abi.ErrUnsupported, "unknown flags %#x", args.Flags)
			}
			err = decodeKey(args.Key, &r.Key)
		}
	case Touch:
		var args abi.CacheTouch
		if args, err = abi.Load[abi.CacheTouch](op.Args); err == nil {
			r.TTL = time.Duration(args.TTL)
			err = decodeKey(args.Key, &r.Key)
		}
	default:
		return r, service.Errorf(abi.ErrUnsupported, "a cache has no operation %d", op.Code)
	}
	if err == abi.ErrArgs {
		err = service.Errorf(abi.ErrInvalid, "malformed arguments")
	}
	if err == nil {
		err = r.Check()
	}
	return r, err
}

func decodeKey(b abi.Bytes, key *string) error {
	if b.Len > MaxKey {
		return service.Errorf(abi.ErrInvalid, "a key of %d bytes; 1 to %d are allowed", b.Len, MaxKey)
	}
	text, err := b.Text(MaxKey)
	*key = text
	return err
}

func decodeKeys(op *abi.Operation, r *Request) error {
	args, err := abi.Load[abi.CacheKeys](op.Args)
	if err != nil {
		return err
	}
	if args.Count == 0 || args.Count > MaxKeys {
		return service.Errorf(abi.ErrInvalid, "%d keys; 1 to %d can be read at a time", args.Count, MaxKeys)
	}
	r.Keys = make([]string, args.Count)
	for n := range r.Keys {
		item, err := abi.LoadItem[abi.Bytes](args.Keys, n)
		if err == nil {
			err = decodeKey(item, &r.Keys[n])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func decodePut(op *abi.Operation, r *Request) error {
	args, err := abi.Load[abi.CachePut](op.Args)
	if err != nil {
		return err
	}
	r.Mode, r.TTL, r.Version = Mode(args.Mode), time.Duration(args.TTL), args.Version
	if args.Value.Len > MaxValue {
		return service.Errorf(abi.ErrTooLarge, "a value of %d bytes; at most %d can be stored", args.Value.Len, MaxValue)
	}
	if r.Value, err = args.Value.Copy(MaxValue); err != nil {
		return err
	}
	return decodeKey(args.Key, &r.Key)
}

// entries is eg_cache_entries.
type entries []Entry

func (e entries) Space() int {
	n := abi.SpaceOf[abi.CacheEntries](1) + abi.SpaceOf[abi.CacheEntry](len(e))
	for i := range e {
		n += abi.SpaceFor(len(e[i].Value))
	}
	return n
}

func (e entries) Place(room *abi.Room) uintptr {
	address, list := abi.MakeList[abi.CacheEntry](room, len(e))
	for n := range e {
		list[n] = abi.CacheEntry{Value: room.Bytes(e[n].Value), Version: e[n].Version}
	}
	return abi.Place(room, abi.CacheEntries{StructSize: abi.StructSize[abi.CacheEntries](), Entries: address, Count: uint64(len(e))})
}

// number is eg_cache_number.
type number uint64

func (n number) Space() int { return abi.SpaceOf[abi.CacheNumber](1) }

func (n number) Place(room *abi.Room) uintptr {
	return abi.Place(room, abi.CacheNumber{StructSize: abi.StructSize[abi.CacheNumber](), Value: uint64(n)})
}
