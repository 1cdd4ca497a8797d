package email

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

type movers struct{}

func startMovers(*Service, service.Env) *movers { return &movers{} }
func (*movers) stop()                           {}

func (s *Service) enlist(call service.Call, m *Mail, db *service.Handle, done func(Result, error)) func() {
	done(Result{}, service.Errorf(abi.ErrUnsupported, "not yet"))
	return func() {}
}
