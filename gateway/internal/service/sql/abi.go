package sql

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Start begins an operation of a library.
func (s *Service) Start(op *abi.Operation) {
	// What is no transaction and no cursor only looks for those there are.
	call := service.Call{Scope: op.KnownScope(), Deadline: op.Deadline}
	r, err := decode(op)
	if err != nil {
		s.refuse(call, err)
		service.Finish(op, nil, err)
		return
	}
	if r.opens() {
		call.Scope = op.Scope()
	}
	if r.Op == OpCommit || r.Op == OpBatch {
		op.Cut = abi.ErrUnknown
	}
	op.Cancel = s.Submit(call, r, func(result Result, err error) {
		if err != nil {
			service.Finish(op, nil, err)
			return
		}
		service.Finish(op, encode(r.Op, &result), nil)
	})
}

func decode(op *abi.Operation) (r Request, err error) {
	r.Op = Op(op.Code)
	switch r.Op {
	case OpQuery:
		args, err := abi.Load[abi.SQLStatement](op.Args)
		if err != nil {
			return r, malformed(err)
		}
		left := maxRequest
		one := new(struct { // in one piece, as most requests are
			statement [1]Statement
			params    [4]Value
		})
		one.statement[0].Params = one.params[:0]
		r.Statements = one.statement[:]
		return r, r.Statements[0].decode(args, &left)
	case OpBatch:
		args, err := abi.Load[abi.SQLBatch](op.Args)
		if err != nil {
			return r, malformed(err)
		}
		r.Statements, err = decodeBatch(args)
		return r, err
	case OpNext, OpClose:
		args, err := abi.Load[abi.SQLCursor](op.Args)
		if err != nil {
			return r, malformed(err)
		}
		r.Cursor = args.Cursor
	case OpBegin:
		if !op.Args.Given() {
			break
		}
		args, err := abi.Load[abi.SQLBegin](op.Args)
		if err != nil {
			return r, malformed(err)
		}
		if args.Flags&^abi.SQLReadOnly != 0 {
			return r, service.Errorf(abi.ErrInvalid, "unknown flags %#x", args.Flags)
		}
		r.Options = TxOptions{Isolation: Isolation(args.Isolation), ReadOnly: args.Flags&abi.SQLReadOnly != 0}
	}
	return r, nil
}

func malformed(err error) *service.Error { return service.Errorf(abi.ErrInvalid, "%v", err) }

func decodeBatch(args abi.SQLBatch) ([]Statement, error) {
	if args.Count > maxStatements {
		return nil, service.Errorf(abi.ErrInvalid, "a batch has at most %d statements", maxStatements)
	}
	addresses, err := abi.LoadList[uintptr](args.Statements, args.Count, maxStatements)
	if err != nil {
		return nil, malformed(err)
	}
	list, left := make([]Statement, len(addresses)), maxRequest
	for n, address := range addresses {
		statement, err := abi.LoadAt[abi.SQLStatement](address)
		if err == nil {
			err = list[n].decode(statement, &left)
		} else {
			err = malformed(err)
		}
		if err != nil {
			e := service.ErrorOf(err)
			e.Position = n
			return nil, e
		}
	}
	return list, nil
}

// decode copies a statement, its parameters into the room that it has; left is
// how many bytes of parameters the request may still have.
func (s *Statement) decode(args abi.SQLStatement, left *int) error {
	if args.Flags&^abi.SQLOne != 0 {
		return service.Errorf(abi.ErrInvalid, "unknown flags %#x", args.Flags)
	}
	s.One = args.Flags&abi.SQLOne != 0
	s.Page = int(min(args.Page, maxPage+1)) // more is refused
	if args.Text.Len > maxText {
		return service.Errorf(abi.ErrTooLarge, "the statement has more than %d bytes", maxText)
	}
	var err error
	if s.Text, err = args.Text.Text(maxText); err != nil {
		return malformed(err)
	}
	if args.ParamCount > maxParams {
		return service.Errorf(abi.ErrInvalid, "more than %d parameters", maxParams)
	}
	count := int(args.ParamCount)
	if s.Params = s.Params[:0]; cap(s.Params) < count {
		s.Params = make([]Value, 0, count)
	}
	s.Params = s.Params[:count]
	for n := range s.Params {
		p, err := abi.LoadItem[abi.SQLValue](args.Params, n)
		if err != nil {
			return malformed(err)
		}
		v := &s.Params[n]
		v.Type, v.Number = Type(p.Type), p.Number
		if p.Type != abi.SQLText && p.Type != abi.SQLBytes && p.Type != abi.SQLJson {
			continue
		}
		if p.Bytes.Len > maxValue || p.Bytes.Len > uint64(*left) {
			return service.Errorf(abi.ErrTooLarge, "parameter $%d: a parameter may have %d bytes, all of a request %d", n+1, maxValue, maxRequest)
		}
		*left -= int(p.Bytes.Len)
		if v.Bytes, err = p.Bytes.Copy(maxValue); err != nil {
			return malformed(err)
		}
		if v.Bytes == nil {
			v.Bytes = []byte{}
		}
	}
	return nil
}
