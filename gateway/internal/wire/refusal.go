package wire

// Refusal says why a request is not served and with which status it is
// answered. After a Refusal the connection has to be closed: where the next
// request would start is not known.
//
// Every Refusal is one of the variables below, so a caller may compare.
type Refusal struct {
	Status int    // 400, 431, 501 or 505
	Reason string // for the log and the client; holds no byte of the request
}

func (r *Refusal) Error() string { return r.Reason }

// What a request may be refused for.
var (
	ErrVersion = &Refusal{505, "the HTTP version is neither 1.0 nor 1.1"}

	ErrConnect        = &Refusal{501, "CONNECT is not supported"}
	ErrAsterisk       = &Refusal{501, "a request for the server as a whole is not supported"}
	ErrTarget         = &Refusal{400, "the request target is neither a path nor an http or https URL"}
	ErrTargetFragment = &Refusal{400, "the request target has a fragment"}
	ErrTargetControl  = &Refusal{400, "the request target has a space or a control byte"}

	ErrPathRelative = &Refusal{400, "the path does not start with a slash"}
	ErrPathEscape   = &Refusal{400, "the path has a percent sign without two hex digits"}
	ErrPathControl  = &Refusal{400, "the path has a control byte or an escaped NUL"}
	ErrPathClimbs   = &Refusal{400, "the path climbs above its root"}

	ErrHeaderFold     = &Refusal{400, "a header is continued on a second line"}
	ErrHeaderName     = &Refusal{400, "a header name is not a token followed by a colon"}
	ErrHeaderValue    = &Refusal{400, "a header value has a control byte"}
	ErrHeaderLine     = &Refusal{400, "a header line does not end in CR LF"}
	ErrHeaderTrailing = &Refusal{400, "bytes follow the end of the header block"}
	ErrHeaderCount    = &Refusal{431, "there are too many headers"}

	ErrHostMissing  = &Refusal{400, "an HTTP/1.1 request has no Host header"}
	ErrHostRepeated = &Refusal{400, "there is more than one Host header"}
	ErrHost         = &Refusal{400, "the host is not a name or an address with an optional port"}

	ErrLength         = &Refusal{400, "the Content-Length is not a decimal number below 2^63"}
	ErrLengthRepeated = &Refusal{400, "there is more than one Content-Length header"}
	ErrLengthCoded    = &Refusal{400, "there is a Content-Length beside a Transfer-Encoding"}
	ErrCoding         = &Refusal{501, "the Transfer-Encoding is not chunked"}
	ErrCodingRepeated = &Refusal{400, "there is more than one Transfer-Encoding header"}
	ErrCodingVersion  = &Refusal{400, "an HTTP/1.0 request has a Transfer-Encoding"}
)
