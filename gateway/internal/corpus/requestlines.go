package corpus

import "strings"

// requestLines are first lines that are none of HTTP/1.0 and HTTP/1.1.
func requestLines() []Request {
	return []Request{
		entry("request of HTTP/0.9", "GET /\r\n"),
		line("request of HTTP/0.9 with headers", "GET /"),
		line("version 0.9", "GET / HTTP/0.9"),
		line("version 1.2", "GET / HTTP/1.2"),
		line("version 1.9", "GET / HTTP/1.9"),
		line("version 2.0", "GET / HTTP/2.0"),
		line("version 2", "GET / HTTP/2"),
		line("version 3.0", "GET / HTTP/3.0"),
		line("version 9.9", "GET / HTTP/9.9"),
		line("version 1.10", "GET / HTTP/1.10"),
		line("version 01.1", "GET / HTTP/01.1"),
		line("version 1.", "GET / HTTP/1."),
		line("version 1", "GET / HTTP/1"),
		line("version 1,1", "GET / HTTP/1,1"),
		line("version -1.1", "GET / HTTP/-1.1"),
		line("version in lower case", "GET / http/1.1"),
		line("version in mixed case", "GET / Http/1.1"),
		line("version of another protocol", "GET / HTTPS/1.1"),
		line("version of a stream", "GET / ICY/1.1"),
		line("version without a name", "GET / /1.1"),
		line("version with a space inside", "GET / HTTP/ 1.1"),
		line("version with a space behind", "GET / HTTP/1.1 "),
		line("version with a tab behind", "GET / HTTP/1.1\t"),
		line("version with a CR behind", "GET / HTTP/1.1\r"),
		line("version with a NUL behind", "GET / HTTP/1.1\x00"),
		line("version twice", "GET / HTTP/1.1 HTTP/1.1"),
		line("version that is missing", "GET / "),
		entry("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
		line("request line without spaces", "GET/HTTP/1.1"),
		line("request line with tabs", "GET\t/\tHTTP/1.1"),
		line("request line with vertical tabs", "GET\x0b/\x0bHTTP/1.1"),
		line("request line with two spaces before the target", "GET  / HTTP/1.1"),
		line("request line with two spaces behind the target", "GET /  HTTP/1.1"),
		line("request line with a leading space", " GET / HTTP/1.1"),
		line("request line with a leading tab", "\tGET / HTTP/1.1"),
		line("request line with a lone CR", "GET /\r HTTP/1.1"),
		line("request line of a method", "GET"),
		line("request line of an answer", "HTTP/1.1 200 OK"),
		line("method that is empty", " / HTTP/1.1"),
		line("method with a NUL", "G\x00T / HTTP/1.1"),
		line("method with a control byte", "GET\x01 / HTTP/1.1"),
		line("method with a colon", "GET: / HTTP/1.1"),
		line("method in parentheses", "(GET) / HTTP/1.1"),
		line("method with a slash", "GE/T / HTTP/1.1"),
		line("method beyond ASCII", "G\u00c9T / HTTP/1.1"),
		line("method in quotes", "\"GET\" / HTTP/1.1"),
	}
}

// targets are request targets that name nothing here, or something above it.
func targets() []Request {
	target := func(name, target string) Request { return line("target "+name, "GET "+target+" HTTP/1.1") }
	return []Request{
		line("target of CONNECT", "CONNECT corpus.test:443 HTTP/1.1"),
		line("target of CONNECT without a port", "CONNECT corpus.test HTTP/1.1"),
		line("target of CONNECT that is a path", "CONNECT / HTTP/1.1"),
		line("target of CONNECT that is a URL", "CONNECT http://corpus.test:443/ HTTP/1.1"),
		line("target of OPTIONS that is the server", "OPTIONS * HTTP/1.1"),
		target("that is the server", "*"),
		target("that is empty", ""),
		target("without a slash", "path"),
		target("of a query alone", "?query"),
		target("of a host and a port", "corpus.test:80"),
		target("with another scheme", "ftp://corpus.test/"),
		target("with the scheme of a file", "file:///etc/passwd"),
		target("with a bad scheme", "ht(tp://corpus.test/"),
		target("with an empty scheme", "://corpus.test/"),
		target("with one slash behind its scheme", "http:/corpus.test/"),
		target("of a URL without a host", "http:///path"),
		target("of a URL with a user", "http://user@corpus.test/"),
		target("of a URL with a bad port", "http://corpus.test:65536/"),
		target("of a URL with a bad host", "http://corpus.test,other.test/"),
		target("with a space", "/a b"),
		target("with a fragment", "/path#fragment"),
		target("with a fragment in its query", "/path?query#fragment"),
		target("of a URL with a fragment", "http://corpus.test/#fragment"),
		target("with a NUL", "/a\x00b"),
		target("with a control byte", "/a\x01b"),
		target("with DEL", "/a\x7fb"),
		target("with a tab", "/a\tb"),
		target("with a control byte in its query", "/a?b\x02"),
		target("with an escaped NUL", "/a%00b"),
		target("with an escaped NUL at its end", "/file.txt%00"),
		target("with an escape that is no number", "/%zz"),
		target("with half an escape", "/a%4"),
		target("with a percent sign at its end", "/a%"),
		target("with an escape of Unicode", "/%u002e%u002e/"),
		target("that climbs", "/../etc/passwd"),
		target("that climbs alone", "/.."),
		target("that climbs later", "/a/../../etc/passwd"),
		target("that climbs escaped", "/%2e%2e/etc/passwd"),
		target("that climbs half escaped", "/.%2E/etc/passwd"),
		target("that climbs over empty segments", "//../etc/passwd"),
		target("of a URL that climbs", "http://corpus.test/../etc/passwd"),
		target("of 256 KiB", "/"+strings.Repeat("a", 256<<10)),
		target("with a query of 256 KiB", "/?"+strings.Repeat("a", 256<<10)),
	}
}

// noHTTP is what else arrives at an open port.
func noHTTP() []Request {
	return []Request{
		entry("a TLS greeting", "\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03"+strings.Repeat("\x5a", 32)+"\x00\x00\x02\x13\x01\x01\x00"),
		entry("a hundred NULs", strings.Repeat("\x00", 100)),
		entry("text", "hello\r\n\r\n"),
		entry("a line without an end", strings.Repeat("GET ", 1000)),
		entry("an SSH greeting", "SSH-2.0-client\r\n"),
		entry("every byte", everyByte()),
	}
}

func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(255 - i)
	}
	return string(b) + "\r\n\r\n"
}
