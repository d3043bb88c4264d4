package batch

import (
	"context"
	"time"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// PurgeBatch is the batch control that takes old complete To Do entries away.
const PurgeBatch = "TD-PURGE"

// KeepDays is how many days complete entries are kept whose type does not say: a parameter of TD-PURGE.
const KeepDays = "KEEP-DAYS"

// PurgeParameters are those of TD-PURGE. The default is ours: as long as keys are known.
func PurgeParameters() []plugin.Parameter {
	return []plugin.Parameter{{
		Name: KeepDays, Kind: plugin.Integer, Least: 1, Default: "400", Tells: "Days that complete entries are kept whose To Do Type does not say.",
	}}
}

// PurgeFacts is what TD-PURGE reads.
type PurgeFacts interface {
	ToDosToPurge(ctx context.Context, r todo.Retention, limit int) ([]todo.ID, error)
}

// Purge is TD-PURGE (process 3.4.1.1, step 2.1): it takes complete To Do entries away that are older than their type, or KEEP-DAYS,
// says.
type Purge struct {
	Facts   PurgeFacts
	Configs Configs
}

// purgeCounted is up to how many entries are counted when the work is parted.
const purgeCounted = 100_000

// retention is until when complete entries are kept, by the business date.
func (p Purge) retention(run control.Run) (todo.Retention, error) {
	day, err := time.Parse(time.DateOnly, run.BusinessDate)
	if err != nil {
		return todo.Retention{}, fault.New(fault.Invalid, "the business date is no date")
	}
	r := todo.Retention{Before: map[todo.Type]time.Time{}, Others: day.AddDate(0, 0, -Whole(run, KeepDays, 1))}
	for _, t := range p.Configs.Current().Document().ToDoTypes {
		if t.Keep > 0 {
			r.Before[todo.Type(t.Code)] = day.AddDate(0, 0, -t.Keep)
		}
	}
	return r, nil
}

// Plan implements [Work]: what is old goes in one thread, the oldest first.
func (p Purge) Plan(ctx context.Context, _ time.Time, run control.Run) ([]control.Range, error) {
	r, err := p.retention(run)
	if err != nil {
		return nil, err
	}
	old, err := p.Facts.ToDosToPurge(ctx, r, purgeCounted)
	if err != nil || len(old) == 0 {
		return nil, err
	}
	return []control.Range{{Until: "~", Rows: int64(len(old))}}, nil
}

// Page implements [Work]: what went is not found again, so that the next are always the first.
func (p Purge) Page(ctx context.Context, run control.Run, _, _ string, limit int) ([]todo.ID, error) {
	r, err := p.retention(run)
	if err != nil {
		return nil, err
	}
	return p.Facts.ToDosToPurge(ctx, r, limit)
}

// Key implements [Work].
func (Purge) Key(row todo.ID) string { return row.String() }

// Do implements [Work].
func (Purge) Do(_ context.Context, _ time.Time, _ control.Run, rows []todo.ID) ([]Result, error) {
	out := make([]Result, len(rows))
	for i, id := range rows {
		store.In(&out[i].Writes.ToDo).ToDoPurges = []todo.ID{id}
	}
	return out, nil
}
