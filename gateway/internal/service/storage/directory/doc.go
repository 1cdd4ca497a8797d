// Package directory keeps objects in a folder of the local file system.
//
// # Files
//
//	PATH/objects/      the objects
//	PATH/incoming/X/   what is being written, X for each opened service
//
// Every object is one file: its content, then its footer (type, metadata, etag,
// time of modification; see footer.go). So content and metadata change
// together, by one rename, and the content starts where the file does, for
// whoever looks at it with other tools.
//
// A key becomes a path of folders, one for each '/', with every part escaped so
// that all file systems take it and keep it apart from all others (see
// name.go). The folders are in the order of the keys, so that a page of a
// listing reads only the folders it is about.
//
// # Writing
//
// An object is written to a file in incoming, which is fsynced and then renamed
// to its place; EG_STORAGE_CREATE links it there, which fails where something
// is. Then the folder is fsynced, and before that every folder above that is
// not known to be on the disk. Only then is it acknowledged. Deleting fsyncs the
// folder too. What a process left in incoming when it ended is removed by the
// next one that opens the folder: each holds a lock on its own part, so nothing
// of a process that lives is touched, and two services may share a PATH.
//
// All paths are looked up by [os.Root]: nothing leads out of PATH, not even a
// symbolic link.
package directory
