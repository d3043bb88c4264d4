package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
)

// ListGateways shows who lives.
func (s *server) ListGateways(ctx context.Context) (api.ListGatewaysRes, error) {
	all, me, err := s.Fleet.Gateways(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	out := &api.GatewayList{Gateways: make([]api.Gateway, 0, len(all))}
	for _, g := range all {
		out.Gateways = append(out.Gateways, api.Gateway{
			Name: g.Name, Host: text(g.Host), Version: g.Version, Since: stamp(g.Since), SeenAt: stamp(g.SeenAt), Self: g.Name == me,
		})
	}
	return out, nil
}
