package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/store"
)

const selectHolds = `
select number, kind, subject, reason, by, at, lifted_at, lifted_by from hold
where $1 or lifted_at = 0 order by number desc limit 1000`

// HoldList implements [store.Holds].
func (s *Store) HoldList(ctx context.Context, lifted bool) ([]store.Hold, error) {
	return all(ctx, s, "listing holds", holdOf, selectHolds, lifted)
}

func holdOf(row pgx.CollectableRow) (h store.Hold, err error) {
	var at, lifted int64
	err = row.Scan(&h.Number, (*string)(&h.Kind), &h.Subject, &h.Reason, &h.By, &at, &lifted, &h.LiftedBy)
	h.At, h.LiftedAt = timeOf(at), timeOf(lifted)
	return h, err
}
