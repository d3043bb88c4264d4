package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
)

// ListChanges reads what happened.
func (s *server) ListChanges(ctx context.Context, params api.ListChangesParams) (api.ListChangesRes, error) {
	leaves, next, err := s.Changes.Changes(ctx, caller(ctx), params.From.Value, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.ChangeList{Changes: make([]api.Change, 0, len(leaves)), Next: next}
	for _, l := range leaves {
		out.Changes = append(out.Changes, api.Change{Number: l.Number, Entry: api.LedgerEntry(l.Body)})
	}
	return out, nil
}
