package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Problem is the body of every answer of 400 and above (RFC 9457).
type Problem struct {
	Type   string       `json:"type" doc:"What kind of problem it is: about:blank, or a name that never changes." example:"urn:edge-gateway:problem:conflict"`
	Title  string       `json:"title" doc:"The kind of problem in words."`
	Status int          `json:"status" minimum:"400" maximum:"599" doc:"Status of the answer."`
	Detail string       `json:"detail" doc:"What is wrong, in a sentence."`
	Errors []FieldError `json:"errors,omitempty" nullable:"false" doc:"What of the request is at fault."`
	Other  string       `json:"other,omitempty" doc:"Of a conflict, the other one." example:"endpoint/orders"`
	Output string       `json:"output,omitempty" doc:"Long text beside the detail, such as what a compiler printed."`

	header http.Header // sent with it; may be nil
}

// FieldError is one part of a request that is at fault.
type FieldError struct {
	Location string `json:"location" doc:"Where it is: in the body, the path, the query or a header." example:"body.limits.timeout"`
	Message  string `json:"message"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus, GetHeaders and ContentType have huma answer with it.
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) GetHeaders() http.Header   { return p.header }
func (p *Problem) ContentType(string) string { return problemJSON }
func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

const problemJSON = "application/problem+json"

// problem is one that has no more to tell than its status and a sentence.
func problem(status int, format string, args ...any) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// kinds tells how each kind of error is answered.
var kinds = map[model.Kind]struct {
	status      int
	name, title string
}{
	model.Invalid:      {http.StatusUnprocessableEntity, "invalid", "Not valid"},
	model.Missing:      {http.StatusNotFound, "missing", "Not there"},
	model.Conflict:     {http.StatusConflict, "conflict", "Contradicts something that is there"},
	model.ReadOnly:     {http.StatusConflict, "read-only", "Declared by the configuration file"},
	model.Stale:        {http.StatusPreconditionFailed, "stale", "Has changed meanwhile"},
	model.TooLarge:     {http.StatusRequestEntityTooLarge, "too-large", "Too large"},
	model.Refused:      {http.StatusUnprocessableEntity, "refused", "Refused"},
	model.Busy:         {http.StatusTooManyRequests, "busy", "Too much is under way"},
	model.Unavailable:  {http.StatusServiceUnavailable, "unavailable", "Cannot be done now"},
	model.Denied:       {http.StatusForbidden, "denied", "Not allowed"},
	model.Unauthorized: {http.StatusUnauthorized, "unauthorized", "Not known"},
}

// problemOf turns an error of control into an answer. What is not meant for
// the caller is told to the log alone.
func (a *API) problemOf(x *exchange, err error) *Problem {
	ctx := x.r.Context()
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *model.Error
	if !errors.As(err, &e) || kinds[e.Kind].status == 0 {
		if ctx.Err() != nil {
			return problem(http.StatusServiceUnavailable, "the request was given up before it was done")
		}
		a.log.ErrorContext(ctx, "admin API: a request failed", "operation", x.route.id, "error", err)
		return problem(http.StatusInternalServerError, "the gateway failed; its log tells why")
	}
	kind := kinds[e.Kind]
	p = &Problem{
		Type: "urn:edge-gateway:problem:" + kind.name, Title: kind.title, Status: kind.status,
		Detail: e.Reason, Other: e.Other, Output: e.Detail,
	}
	if e.Field != "" {
		p.Errors = []FieldError{{location(a.operation(x.route), e.Field), e.Reason}}
	}
	switch e.Kind {
	case model.Busy:
		p.with("Retry-After", "1")
	case model.Unauthorized:
		p.with("WWW-Authenticate", challenge)
	}
	return p
}

// location tells where in a request a field of control's is: a parameter of
// that name, or else in the body.
func location(op *huma.Operation, field string) string {
	for _, p := range op.Parameters {
		if p.Name == field {
			return p.In + "." + field
		}
	}
	return "body." + field
}

// Huma's own errors are problems too. It knows no other way than variables of
// the package to say so.
func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := problem(status, "%s", message)
		for _, err := range errs {
			if err != nil {
				p.Errors = append(p.Errors, fieldError(err))
			}
		}
		switch len(p.Errors) {
		case 0:
		case 1:
			p.Detail = p.Errors[0].Location + ": " + p.Errors[0].Message
		default:
			p.Detail = strconv.Itoa(len(p.Errors)) + " things of the request are at fault; the first is " + p.Errors[0].Location + ": " + p.Errors[0].Message
		}
		return p
	}
}

// fieldError leaves out the value that was given, which may be a secret.
func fieldError(err error) FieldError {
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		return FieldError{"body", err.Error()}
	}
	f := FieldError{detail.Location, detail.Message}
	var missing string
	if _, err := fmt.Sscanf(detail.Message, validation.MsgExpectedRequiredProperty, &missing); err == nil {
		f.Location += "." + missing // and not only where it is missing from
	}
	f.Location = strings.TrimSuffix(f.Location, ".")
	return f
}
