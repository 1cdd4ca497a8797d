package wire

// MaxHeaders is how many headers a request may have.
const MaxHeaders = 128

// Scanner reads the header block of one request, strictly and in one pass, in
// wire order with repeats kept. It refuses what two HTTP implementations could
// read in two ways: a folded line, space before a colon, a lone CR or LF, and
// every doubt about where the body ends or whose request it is.
//
//	var s wire.Scanner
//	s.Reset(raw, http11)
//	for s.Next() {
//		… s.Name, s.Value …
//	}
//	if err := s.Err(); err != nil { … }
//
// Nothing may be done with the headers before Next has returned false and Err
// is nil: what makes a request refused may stand in its last line.
type Scanner struct {
	Name  []byte // as sent; a part of the block
	Value []byte // without space around it; a part of the block

	rest   []byte
	count  int
	err    *Refusal
	http11 bool
	framing
}

// Reset starts on the header block of another request: the lines after the
// request line, each ending in CR LF, with or without the empty line after
// them; empty if there is no header.
func (s *Scanner) Reset(raw []byte, http11 bool) {
	*s = Scanner{}
	s.rest, s.http11, s.length = raw, http11, -1
}

// Next steps to the next header. It returns false at the end of the block and
// when the request is to be refused.
func (s *Scanner) Next() bool {
	if s.err != nil {
		return false
	}
	if len(s.rest) == 0 || s.rest[0] == '\r' {
		s.err = s.end()
		return false
	}
	s.err = s.line()
	return s.err == nil
}

// Err is why Next returned false: nil at the end of a good block, else a
// *[Refusal]: one of ErrHeader…, ErrHost…, ErrLength…, ErrCoding….
func (s *Scanner) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// line reads one header line.
func (s *Scanner) line() *Refusal {
	b := s.rest
	if b[0] == ' ' || b[0] == '\t' {
		return ErrHeaderFold
	}
	if b[0] == '\n' {
		return ErrHeaderLine
	}
	n := 0
	for n < len(b) && is(b[n], tokenByte) {
		n++
	}
	if n == 0 || n == len(b) || b[n] != ':' {
		return ErrHeaderName
	}
	if s.count++; s.count > MaxHeaders {
		return ErrHeaderCount
	}
	s.Name = b[:n]
	b = b[n+1:]
	n = valueLength(b)
	if n == len(b) {
		return ErrHeaderLine
	}
	if b[n] != '\r' && b[n] != '\n' {
		return ErrHeaderValue
	}
	if b[n] == '\n' || n+1 == len(b) || b[n+1] != '\n' {
		return ErrHeaderLine
	}
	s.Value = trim(b[:n])
	s.rest = b[n+2:]
	return s.framing.see(s.Name, s.Value, s.http11)
}

// end checks what can be known only after the last header.
func (s *Scanner) end() *Refusal {
	if len(s.rest) > 0 {
		if len(s.rest) < 2 || s.rest[1] != '\n' {
			return ErrHeaderLine
		}
		if len(s.rest) > 2 {
			return ErrHeaderTrailing
		}
	}
	if s.http11 && s.host == nil {
		return ErrHostMissing
	}
	return nil
}

// valueLength counts the bytes at the start of b that may stand in a header
// value.
func valueLength(b []byte) int {
	n := 0
	for {
		n += plainWords(b[n:])
		for end := min(n+8, len(b)); n < end; n++ {
			if !is(b[n], valueByte) {
				return n
			}
		}
		if n == len(b) {
			return n
		}
	}
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
