// Package s3 keeps objects in a bucket of a server that speaks the S3 protocol.
//
// Each worker has a connection of its own: a client whose transport never has
// more than one open, so the server sees as many connections as there are
// workers. An object whose length is known is one request; an upload is a
// multipart upload once it outgrows one part, and one request before. Requests
// that may be sent twice are, when the server cannot be reached or is
// overloaded, while there is time.
//
// What the protocol does not carry, or servers do not keep:
//
//   - keys of white space only are refused by the client;
//   - many servers refuse or change keys with "." or ".." between slashes, or
//     with two slashes in a row, and those that keep objects in a file system
//     have no room for "a" beside "a/b";
//   - the time of modification is not told when an object is stored;
//   - multipart uploads that nobody gave up because this process was killed
//     stay, and take room, until a rule of the bucket removes them
//     (AbortIncompleteMultipartUpload);
//   - a HEAD request, which has no body, cannot tell a missing bucket from a
//     missing object.
package s3
