package edge

// Response is an answer. The gateway sends the headers, repeats kept and those
// of one name in their order, and sets the framing itself: Content-Length,
// Transfer-Encoding, Connection, Keep-Alive, Trailer, Upgrade and Date are
// dropped.
//
// It is only read, so one response may answer many requests.
type Response struct {
	Status  int // 200 to 599; 0 means 200
	Headers Fields
	Body    []byte
}

// Text is an answer in plain text, UTF-8.
func Text(status int, text string) *Response {
	return Bytes(status, "text/plain; charset=utf-8", []byte(text))
}

// Bytes is an answer of any type. It keeps body, and does not change it.
func Bytes(status int, contentType string, body []byte) *Response {
	return &Response{
		Status:  status,
		Headers: Fields{{"content-type", contentType}},
		Body:    body,
	}
}

// Add appends a header, beside others of its name.
func (r *Response) Add(name, value string) {
	r.Headers = append(r.Headers, Field{name, value})
}
