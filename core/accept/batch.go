package accept

import (
	"context"
	"slices"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

// Batches reads intake batches.
type Batches interface {
	Batch(ctx context.Context, id string) (store.IntakeBatch, error)
	BatchList(ctx context.Context, source string, last store.IntakeBatch, limit int) ([]store.IntakeBatch, error)
}

// NewBatch is a batch of the principal that begins now. Its id is chosen by who sends it.
func NewBatch(p access.Principal, id string) store.IntakeBatch {
	b := store.IntakeBatch{ID: id, Source: p.Source, By: p.Name, State: store.BatchRunning}
	if len(p.Divisions) == 1 && p.Divisions[0] != access.AllDivisions {
		b.Division = p.Divisions[0]
	}
	return b
}

// Mark writes where a batch stands, apart from any lot. fault.Conflict when the id is another source's.
func (l *Lots) Mark(ctx context.Context, b store.IntakeBatch) error {
	verdicts, err := l.Store.Apply(ctx, store.Writes{Intake: &store.IntakeWrites{Batches: []store.BatchFlush{{IntakeBatch: b}}}})
	if err == nil && verdicts[0].Outcome == store.Conflict {
		return errNotOurs()
	}
	return err
}

func errNotOurs() error { return fault.New(fault.Conflict, "the batch belongs to another source") }

// IntakeBatch returns a batch; fault.NotFound when there is none the principal sees.
func (l *Lots) IntakeBatch(ctx context.Context, p access.Principal, id string) (store.IntakeBatch, error) {
	b, err := l.Batches.Batch(ctx, id)
	if err != nil || !seesBatch(p, b) {
		if err == nil || fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "there is no such batch")
		}
		return store.IntakeBatch{}, err
	}
	return b, nil
}

// IntakeBatches lists batches the principal sees, the newest first, from behind the last one on. With more it tells the
// last batch that was looked at.
func (l *Lots) IntakeBatches(ctx context.Context, p access.Principal, last store.IntakeBatch, limit int) (seen []store.IntakeBatch, more *store.IntakeBatch, err error) {
	source := p.Source
	if p.Has(access.CSR, access.Supervisor, access.SRE, access.Admin) {
		source = ""
	}
	all, err := l.Batches.BatchList(ctx, source, last, limit)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == limit {
		more = &all[limit-1]
	}
	return slices.DeleteFunc(slices.Clone(all), func(b store.IntakeBatch) bool { return !seesBatch(p, b) }), more, nil
}

// seesBatch: a batch in several divisions is seen by its own source, and by who sees every division.
func seesBatch(p access.Principal, b store.IntakeBatch) bool {
	return p.Sees(b.Source, b.Division) || b.Division == "" && p.Source == b.Source
}
