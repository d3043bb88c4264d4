package rest

import (
	"context"

	"carillon/core/access"
	"carillon/core/ledger"

	"github.com/go-json-experiment/json/jsontext"
)

func (s *server) changeOperations() []operation {
	return []operation{
		op("listChanges", s.listChanges),
	}
}

// Changes reads what happened.
type Changes interface {
	// Changes returns the entries the caller sees from a leaf number on, and where to go on.
	Changes(ctx context.Context, p access.Principal, from int64, limit int) (leaves []ledger.Leaf, next int64, err error)
}

// ChangeList is a page of what happened.
type ChangeList struct {
	Changes []Change `json:"changes"`
	Next    int64    `json:"next"`
}

// Change is one thing that happened.
type Change struct {
	Number int64          `json:"number"`
	Entry  jsontext.Value `json:"entry"`
}

// listChanges reads what happened.
func (s *server) listChanges(ctx context.Context, c call[nothing]) (answer[ChangeList], error) {
	leaves, next, err := s.Changes.Changes(ctx, c.caller, c.Integer("from"), int(c.Integer("limit")))
	if err != nil {
		return failed[ChangeList](err)
	}
	out := ChangeList{Changes: make([]Change, 0, len(leaves)), Next: next}
	for _, l := range leaves {
		out.Changes = append(out.Changes, Change{Number: l.Number, Entry: jsontext.Value(l.Body)})
	}
	return ok(out), nil
}
