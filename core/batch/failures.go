package batch

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// FailureBatch is the batch control that makes To Dos of failed batches.
const FailureBatch = "TD-BTERR"

// FailureFacts is what TD-BTERR reads.
type FailureFacts interface {
	FailedBatchRuns(ctx context.Context, batch string, number int64, limit int) ([]control.Run, error)
}

// Failures is TD-BTERR (process 3.4.1.1, step 2.0): it makes a To Do of every batch that failed, one of a batch while none is open.
// A run that failed is looked at once, so that a To Do that was completed does not come back.
type Failures struct {
	Facts FailureFacts
	Rules func() todo.Rules
}

// failureSource is whose work a failed batch is: nobody's of outside.
const failureSource = "carillon"

// failuresMost is how many failed runs one run looks at: there are never as many.
const failuresMost = 10_000

// aboutBatch is what the To Do of a failed batch is about.
func aboutBatch(batch string) string { return failureSource + ":" + batch }

// mended completes the To Do of a batch that failed with the run that is complete: nobody needs to look any more, and
// nobody waits for TD-BTERR to say so.
func mended(kind string, runs []control.Run) []todo.Completion {
	var done []todo.Completion
	for _, r := range runs {
		if r.State == control.Complete && kind != "" {
			done = append(done, todo.Completion{Type: todo.Type(kind), About: aboutBatch(r.Batch), At: r.EndedAt, Outcome: "run_complete"})
		}
	}
	return done
}

func (f Failures) kind() (todo.Rules, string, error) {
	rules := f.Rules()
	code := rules.Config.Installation().BatchErrorType
	if _, known := rules.Config.ToDoType(code); !known {
		return rules, "", fault.New(fault.Misconfigured, "the installation names no To Do Type of failed batches")
	}
	return rules, code, nil
}

// Plan implements [Work]: failed runs are few, one thread looks at them.
func (f Failures) Plan(ctx context.Context, _ time.Time, _ control.Run) ([]control.Range, error) {
	if _, _, err := f.kind(); err != nil {
		return nil, err
	}
	rows, err := f.Facts.FailedBatchRuns(ctx, "", 0, failuresMost)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return []control.Range{{Until: f.Key(rows[len(rows)-1]), Rows: int64(len(rows))}}, nil
}

// Key implements [Work]. Behind the code stands a space, which sorts before every character of a code.
func (Failures) Key(row control.Run) string { return fmt.Sprintf("%s %019d", row.Batch, row.Number) }

// Page implements [Work].
func (f Failures) Page(ctx context.Context, _ control.Run, after, until string, limit int) ([]control.Run, error) {
	code, digits, _ := strings.Cut(after, " ")
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		number = 0 // from the beginning
	}
	rows, err := f.Facts.FailedBatchRuns(ctx, code, number, limit)
	for i, r := range rows {
		if f.Key(r) > until {
			return rows[:i], err
		}
	}
	return rows, err
}

// Do implements [Work].
func (f Failures) Do(_ context.Context, now time.Time, run control.Run, rows []control.Run) ([]Result, error) {
	rules, kind, err := f.kind()
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(rows))
	for i, row := range rows {
		number := strconv.FormatInt(row.Number, 10)
		e, suppressed, err := rules.Open(todo.Request{
			OpenToDo: plugin.OpenToDo{
				Type: kind, Drill: []string{row.Batch, number}, Sort: []string{row.Batch}, Text: plugin.Text{Parameters: []string{row.Batch, number, row.Reason}},
			},
			About: aboutBatch(row.Batch), Source: failureSource, Division: division(rules, row.Batch), Reason: "batch", At: now,
			Batch: run.Batch, Run: run.Number,
		})
		row.Reported, row.Version = true, row.Version+1
		out[i] = Result{Err: err, Writes: store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{row}}}}
		if !suppressed && err == nil {
			store.In(&out[i].Writes.ToDo).ToDos = []todo.Entry{e}
		}
	}
	return out, nil
}

// division is that of a batch's control, else the first.
func division(rules todo.Rules, batch string) string {
	if c, known := rules.Config.BatchControl(batch); known && c.Division != "" {
		return c.Division
	}
	for _, d := range rules.Config.Document().Divisions {
		return d.Code
	}
	return ""
}
