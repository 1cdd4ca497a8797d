package control

import (
	"errors"
	"path/filepath"
	"syscall"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// fullDisk says of an error that a full disk is behind, if one is: nobody's
// library or source is at fault then.
func fullDisk(err error) error {
	var told *model.Error
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) || errors.As(err, &told) && told.Kind == model.Unavailable {
		return err
	}
	return model.Errorf(model.Unavailable, "the disk of the gateway is full; nothing was changed: %w", err)
}

// fullTrial is fullDisk for the error of a child, which is a text.
func (c *Control) fullTrial(err error) error {
	if err == nil || !durable.Full(filepath.Join(c.opts.Dir, scratchDir)) {
		return err
	}
	return model.Errorf(model.Unavailable, "the disk of the gateway is full; the version could not be tried: %w", err)
}
