package redis

import (
	"errors"
	"strings"

	"github.com/redis/rueidis"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// refusal turns what Redis says into an error of the header. What is left is
// about the connection.
func refusal(err error) error {
	reply, ok := rueidis.IsRedisErr(err)
	if !ok {
		return err
	}
	text := reply.Error()
	code, _, _ := strings.Cut(text, " ")
	e := service.Errorf(abi.ErrRefused, "redis refused: %s", text)
	e.Code = code
	switch code {
	case "WRONGPASS", "NOAUTH":
		e.Login = true
	case "LOADING", "BUSY", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN":
		e.Status = abi.ErrUnavailable
	}
	if strings.Contains(text, "max number of clients") {
		e.Status = abi.ErrUnavailable
	}
	if strings.Contains(text, "string exceeds maximum allowed size") {
		e.Status = abi.ErrTooLarge
	}
	return e
}

// broken tells whether err leaves the connection of no use: anything but what
// Redis itself answered.
func broken(err error) bool {
	var known *service.Error
	_, answered := rueidis.IsRedisErr(err)
	return err != nil && !answered && !rueidis.IsRedisNil(err) && !errors.As(err, &known) && !rueidis.IsParseErr(err)
}
