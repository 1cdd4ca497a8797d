package sql

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Bounds of a request.
const (
	maxText       = 1 << 20  // bytes of a statement
	maxValue      = 64 << 20 // bytes of a parameter
	maxRequest    = 96 << 20 // bytes of all parameters of a request
	maxParams     = 32766    // sqlite has no more
	maxStatements = 1000
	maxPage       = 1 << 20 // rows
)

// check finds what can be known to be wrong before anything is sent.
func (r *Request) check() *service.Error {
	switch r.Op {
	case OpQuery:
		if len(r.Statements) != 1 {
			return service.Errorf(abi.ErrInvalid, "a query has one statement, not %d", len(r.Statements))
		}
	case OpBatch:
		if n := len(r.Statements); n == 0 || n > maxStatements {
			return service.Errorf(abi.ErrInvalid, "a batch has 1 to %d statements, not %d", maxStatements, n)
		}
	case OpNext, OpClose, OpCommit, OpRollback:
	case OpBegin:
		if r.Options.Isolation > Serializable {
			return service.Errorf(abi.ErrInvalid, "there is no isolation level %d", r.Options.Isolation)
		}
	default:
		return service.Errorf(abi.ErrUnsupported, "there is no operation %d", r.Op)
	}
	total := 0
	for n := range r.Statements {
		size, err := r.Statements[n].check(r.Op)
		if total += size; err == nil && total > maxRequest {
			err = service.Errorf(abi.ErrTooLarge, "the parameters have more than %d bytes", maxRequest)
		}
		if err != nil {
			err.Position = n
			return err
		}
	}
	return nil
}

func (s *Statement) check(op Op) (size int, err *service.Error) {
	switch {
	case len(s.Text) > maxText:
		return 0, service.Errorf(abi.ErrTooLarge, "the statement has more than %d bytes", maxText)
	case !utf8.ValidString(s.Text):
		return 0, service.Errorf(abi.ErrInvalid, "the statement is not UTF-8")
	case strings.IndexByte(s.Text, 0) >= 0:
		return 0, service.Errorf(abi.ErrInvalid, "the statement has a NUL byte")
	case blank(s.Text):
		return 0, service.Errorf(abi.ErrInvalid, "there is no statement in the text")
	case len(s.Params) > maxParams:
		return 0, service.Errorf(abi.ErrInvalid, "more than %d parameters", maxParams)
	case s.Page < 0 || s.Page > maxPage:
		return 0, service.Errorf(abi.ErrInvalid, "a page has at most %d rows", maxPage)
	case s.Page > 0 && op == OpBatch:
		return 0, service.Errorf(abi.ErrInvalid, "the statements of a batch have no pages")
	}
	for n := range s.Params {
		if err := s.Params[n].check(); err != nil {
			err.Message = fmt.Sprintf("parameter $%d %s", n+1, err.Message)
			return 0, err
		}
		size += len(s.Params[n].Bytes)
	}
	return size, nil
}

func (v *Value) check() *service.Error {
	switch {
	case v.Type > JSONType:
		return service.Errorf(abi.ErrInvalid, "has the unknown type %d", v.Type)
	case v.Type == BoolType && v.Number > 1:
		return service.Errorf(abi.ErrInvalid, "is a bool but neither 0 nor 1")
	case len(v.Bytes) > maxValue:
		return service.Errorf(abi.ErrTooLarge, "has more than %d bytes", maxValue)
	case v.Type != TextType && v.Type != JSONType:
		return nil
	case !utf8.Valid(v.Bytes):
		return service.Errorf(abi.ErrInvalid, "is not UTF-8")
	case bytes.IndexByte(v.Bytes, 0) >= 0:
		return service.Errorf(abi.ErrInvalid, "is text with a NUL byte")
	}
	return nil
}

// blank tells whether a text has nothing but space and comments. Both databases
// take them alike.
func blank(text string) bool {
	for {
		text = strings.TrimLeft(text, " \t\r\n\f;")
		switch {
		case text == "":
			return true
		case strings.HasPrefix(text, "--"):
			_, text, _ = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*"):
			_, text, _ = strings.Cut(text, "*/")
		default:
			return false
		}
	}
}
