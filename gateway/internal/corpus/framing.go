package corpus

import "strconv"

// lengths are bodies whose length cannot be known.
func lengths() []Request {
	length := func(name, value string) Request {
		return post("length "+name, "Content-Length: "+value+"\r\n", "hello"+smuggled)
	}
	return []Request{
		post("length repeated, equal", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello"+smuggled),
		post("length repeated, different", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello"+smuggled),
		post("length repeated in another case", "content-length: 5\r\nX: y\r\nCONTENT-LENGTH: "+strconv.Itoa(len("hello"+smuggled))+"\r\n", "hello"+smuggled),
		post("length zero repeated", "Content-Length: 0\r\nContent-Length: 5\r\n", smuggled),
		length("list of equal ones", "5, 5"),
		length("list of different ones", "5, 6"),
		length("negative", "-5"),
		length("with a plus", "+5"),
		length("in hex", "0x5"),
		length("with a space", "5 5"),
		length("with an underscore", "5_0"),
		length("with a fraction", "5.0"),
		length("with an exponent", "5e0"),
		length("in quotes", `"5"`),
		length("empty", ""),
		length("a word", "five"),
		length("in Arabic digits", "\u0665"),
		length("with a NUL", "5\x00"),
		length("with a vertical tab", "\x0b5"),
		length("with a semicolon", "5;"),
		length("2^63", "9223372036854775808"),
		length("2^64 and 5", "18446744073709551621"),
		length("of a hundred nines", nines),
		length("folded", "\r\n 5"),
		post("length with space before the colon", "Content-Length : 5\r\n", "hello"+smuggled),
		post("length with a tab before the colon", "Content-Length\t: 5\r\n", "hello"+smuggled),
		post("length with more than the body", "Content-Length: 10\r\n", "hello"),
	}
}

const nines = "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"

// codings are bodies whose transfer coding is in doubt.
func codings() []Request {
	const body = "0\r\n\r\n" + smuggled
	coding := func(name, lines string) Request { return post("coding "+name, lines, body) }
	return []Request{
		coding("after a length", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
		coding("before a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
		coding("after a length over all", "Content-Length: "+strconv.Itoa(len(body))+"\r\nTransfer-Encoding: chunked\r\n"),
		coding("after a length of zero", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
		coding("in upper case after a length", "content-length: 5\r\nTRANSFER-ENCODING: CHUNKED\r\n"),
		coding("identity after a length", "Content-Length: 5\r\nTransfer-Encoding: identity\r\n"),
		coding("unknown", "Transfer-Encoding: xchunked\r\n"),
		coding("unknown after a length", "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n"),
		coding("identity", "Transfer-Encoding: identity\r\n"),
		coding("gzip", "Transfer-Encoding: gzip\r\n"),
		coding("chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
		coding("identity, chunked", "Transfer-Encoding: identity, chunked\r\n"),
		coding("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n"),
		coding("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
		coding("chunked and a comma", "Transfer-Encoding: chunked,\r\n"),
		coding("comma and chunked", "Transfer-Encoding: ,chunked\r\n"),
		coding("repeated", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
		coding("chunked, then identity in a second header", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
		coding("identity, then chunked in a second header", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
		coding("with a parameter", "Transfer-Encoding: chunked;q=1\r\n"),
		coding("with a vertical tab", "Transfer-Encoding: \x0bchunked\r\n"),
		coding("with a form feed behind", "Transfer-Encoding: chunked\x0c\r\n"),
		coding("with a NUL", "Transfer-Encoding: chunked\x00\r\n"),
		coding("with a no-break space", "Transfer-Encoding: \u00a0chunked\r\n"),
		coding("in quotes", "Transfer-Encoding: \"chunked\"\r\n"),
		coding("in two words", "Transfer-Encoding: chun ked\r\n"),
		coding("empty", "Transfer-Encoding:\r\n"),
		coding("folded", "Transfer-Encoding:\r\n chunked\r\n"),
		coding("folded with a tab", "Transfer-Encoding:\r\n\tchunked\r\n"),
		coding("folded behind its value", "Transfer-Encoding: chunked\r\n , identity\r\n"),
		coding("folded onto another header", "X: y\r\n Transfer-Encoding: chunked\r\n"),
		coding("with space before the colon", "Transfer-Encoding : chunked\r\n"),
		coding("with a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
		coding("with a NUL in its name", "Transfer-Encoding\x00: chunked\r\n"),
		coding("behind a lone LF", "X: y\nTransfer-Encoding: chunked\r\n"),
		coding("behind a lone CR", "X: y\rTransfer-Encoding: chunked\r\n"),
		entry("coding behind a leading space", "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n"+hostLine+"\r\n"+body),
		entry("coding on HTTP/1.0", "POST / HTTP/1.0\r\n"+hostLine+"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"+body),
		entry("coding and length on HTTP/1.0", "POST / HTTP/1.0\r\n"+hostLine+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"+body),
	}
}

// chunks are chunked bodies that are none.
func chunks() []Request {
	chunked := func(name, body string) Request {
		return post("chunk "+name, "Transfer-Encoding: chunked\r\n", body)
	}
	const end = "0\r\n\r\n" + smuggled
	return []Request{
		chunked("with a size that is no number", "z\r\nhello\r\n"+end),
		chunked("with an empty size", "\r\nhello\r\n"+end),
		chunked("with 0x before the size", "0x5\r\nhello\r\n"+end),
		chunked("with a negative size", "-5\r\nhello\r\n"+end),
		chunked("with a plus before the size", "+5\r\nhello\r\n"+end),
		chunked("with a space before the size", " 5\r\nhello\r\n"+end),
		chunked("with a tab before the size", "\t5\r\nhello\r\n"+end),
		chunked("with two sizes", "5 5\r\nhello\r\n"+end),
		chunked("with an underscore in the size", "0_5\r\nhello\r\n"+end),
		chunked("with a comma behind the size", "5,\r\nhello\r\n"+end),
		chunked("of 2^63", "8000000000000000\r\nhello\r\n"+end),
		chunked("of 2^64 - 1", "ffffffffffffffff\r\nhello\r\n"+end),
		chunked("of 2^64 and 5", "10000000000000005\r\nhello\r\n"+end),
		chunked("of 2^128 and 5", "100000000000000000000000000000005\r\nhello\r\n"+end),
		chunked("without CR LF behind its data", "5\r\nhello"+end),
		chunked("with LF behind its data", "5\r\nhello\n"+end),
		chunked("with CR behind its data", "5\r\nhello\r"+end),
		chunked("with two bytes in place of CR LF", "5\r\nhelloXX"+end),
		chunked("with more data than its size", "3\r\nhello\r\n"+end),
		chunked("with LF behind its size", "5\nhello\r\n"+end),
		chunked("with CR behind its size", "5\rhello\r\n"+end),
		chunked("with CR CR LF behind its size", "5\r\r\nhello\r\n"+end),
		chunked("with LF in an extension", "5;a\nb\r\nhello\r\n"+end),
		chunked("with LF behind an extension", "5;a=b\nhello\r\n"+end),
		chunked("with CR in an extension", "5;a\rb\r\nhello\r\n"+end),
		chunked("with LF behind the last size", "0\n\r\n"+smuggled),
		chunked("without a last one", "5\r\nhello\r\n"),
		chunked("cut in its data", "5\r\nhel"),
		chunked("cut behind the last size", "0\r\n"),
		chunked("trailer with a length", "0\r\nContent-Length: 5\r\n\r\n"+smuggled),
		chunked("trailer with a coding", "0\r\nTransfer-Encoding: chunked\r\n\r\n"+smuggled),
		chunked("trailer with a host", "0\r\nHost: other.test\r\n\r\n"+smuggled),
		chunked("trailer without a colon", "0\r\nX\r\n\r\n"+smuggled),
		chunked("trailer with a NUL", "0\r\nX: \x00\r\n\r\n"+smuggled),
		chunked("trailer with a bad name", "0\r\n(X): y\r\n\r\n"+smuggled),
	}
}
