// Package storage is object storage, the service "eg.storage/1": whole objects
// under keys, with a content type and metadata.
//
// A [Request] says what is to be done; [Service.Submit] checks it and hands it
// to a worker, which runs it on its [Conn]. The drivers are in the folders
// below: directory and s3.
package storage
