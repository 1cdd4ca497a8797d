package main

import (
	"slices"

	"github.com/edge-gateway/edge-gateway/toolchain/watch"
)

// watch takes note of the sources, if it is asked for, before they are built.
func (s *server) watch() (err error) {
	if s.command.Watch {
		s.watcher, err = watch.New(sources(s.file), s.file.Server.Data)
	}
	return err
}

// watchAlso watches the sources of the file in force, and more of a file that
// may become that.
func (s *server) watchAlso(more []string) {
	if s.watcher == nil {
		return
	}
	if err := s.watcher.Set(slices.Concat(sources(s.file), more)); err != nil {
		logger().Error("not every source is watched", "error", err)
	}
}
