// Package rawclient is an HTTP/1.1 client that hides nothing. Every promise
// that no request is lost is measured with it.
//
// Ordinary clients repeat a request when a kept connection turns out closed,
// and so never see what a server loses. This one writes the bytes it is given
// on the connection it has, once; a request of which a byte was written and
// that got no whole answer has failed. It reads strictly: an answer that is
// framed in two ways, or bytes that nobody asked for, are errors.
package rawclient
