package gofunc

import edge "github.com/edge-gateway/edge-gateway/sdk-go"

func (s *services) HTTP(name string) (edge.HTTP, error) { return nil, edge.ErrUnsupported }
