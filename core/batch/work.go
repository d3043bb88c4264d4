package batch

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Work is what a batch does, row by row; R is a row of its work set. Keys of rows order by their bytes. What a row asks
// for must make the row leave the work set, or be refused by the store a second time: a run may come over the same
// business date again, and it must change nothing.
type Work[R any] interface {
	// Plan parts the work set of a run into at most so many ranges by quantiles of the rows found; none when there are no
	// rows.
	Plan(ctx context.Context, now time.Time, run control.Run) ([]control.Range, error)
	// Page returns rows with a key behind after, up to and with until, in the order of their keys. Fewer than the limit
	// means that there are no more.
	Page(ctx context.Context, run control.Run, after, until string, limit int) ([]R, error)
	// Key names a row; it holds no personal data.
	Key(row R) string
	// Do decides what becomes of each row, in the order of the rows. What it asks for of one row must not change what it
	// asks for of another. An error is of all rows: they are tried again when it passes, and it ends the thread when it
	// does not.
	Do(ctx context.Context, now time.Time, run control.Run, rows []R) ([]Result, error)
}

// Result is what becomes of a row. With an error the row is noted as one that had an error; what it asks for is written
// nevertheless.
type Result struct {
	Writes store.Writes
	Err    error // its text is shown: free of personal data
}

// Job is the work of a batch without the type of its rows; [Of] makes it.
type Job struct {
	plan func(ctx context.Context, now time.Time, run control.Run) ([]control.Range, error)
	page func(ctx context.Context, now time.Time, run control.Run, after, until string, limit int) ([]outcome, error)
}

// outcome is a row by its key, and what becomes of it.
type outcome struct {
	key string
	Result
}

// Of makes a job of work.
func Of[R any](w Work[R]) *Job {
	return &Job{plan: w.Plan, page: func(ctx context.Context, now time.Time, run control.Run, after, until string, limit int) ([]outcome, error) {
		rows, err := w.Page(ctx, run, after, until, limit)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		results, err := w.Do(ctx, now, run, rows)
		if err != nil {
			return nil, err
		}
		if len(results) != len(rows) {
			return nil, fault.New(fault.Unknown, "the batch did not decide on every row")
		}
		out := make([]outcome, len(rows))
		for i, r := range rows {
			out[i] = outcome{key: w.Key(r), Result: results[i]}
		}
		return out, nil
	}}
}

// Engine is a batch that keeps runs of its own, as the letter extract does.
type Engine interface {
	// Start runs the batch now, or goes on with the run that is open. When there is nothing to do it makes no run, unless
	// empty is set; then the number is 0.
	Start(ctx context.Context, now time.Time, by string, empty bool) (number int64, err error)
}

// Definition is a batch as the program knows it. It has a job or an engine.
type Definition struct {
	Code       string
	Tells      string             // what it does
	Parameters []plugin.Parameter // its own, beside those of every batch
	Job        *Job
	Engine     Engine
	Schedule   string // of a batch whose Batch Control has none; empty: by hand
}

// Book is every batch the program knows.
type Book []Definition

// Find looks a batch up; codes are case-sensitive. Fault NotFound.
func (b Book) Find(code string) (Definition, error) {
	i := slices.IndexFunc(b, func(d Definition) bool { return d.Code == code })
	if i < 0 {
		return Definition{}, fault.New(fault.NotFound, "there is no such batch")
	}
	return b[i], nil
}

// Codes are the codes of all batches.
func (b Book) Codes() []string {
	codes := make([]string, len(b))
	for i, d := range b {
		codes[i] = d.Code
	}
	return codes
}

// The parameters of every batch (process 3.4.1.1, step 2.0).
const (
	MaxErrors = "MAX-ERRORS" // rows with an error after which a thread stops; 0: no bound
	Commit    = "COMMIT"     // records between commits
)

// The bounds and defaults of what a Batch Control says.
const (
	commitDefault = 200 // process 3.4.1.1, step 2.0: classic To Do jobs commit after 200 records
	commitMost    = 5000
)

func common() []plugin.Parameter {
	return []plugin.Parameter{
		{Name: MaxErrors, Kind: plugin.Integer, Tells: "Rows with an error after which a thread stops; 0: no bound."},
		{Name: Commit, Kind: plugin.Integer, Least: 1, Most: commitMost, Tells: "Records between commits."},
	}
}

// Accepts are all parameters of the batch.
func (d Definition) Accepts() []plugin.Parameter {
	if d.Job == nil {
		return d.Parameters
	}
	return slices.Concat(d.Parameters, common())
}

// settle fills what a request leaves open from the Batch Control and the defaults, and names every wrong value by its
// JSON pointer.
func (d Definition) settle(c config.BatchControl, asked map[string]string) (map[string]string, []fault.Violation) {
	var wrong []fault.Violation
	settled := make(map[string]string)
	for _, p := range d.Accepts() {
		value := inForce(c, p, asked[p.Name])
		if reason := p.Check(value); reason != "" {
			wrong = append(wrong, fault.Violation{Field: "/parameters/" + p.Name, Reason: reason})
			continue
		}
		if value != "" {
			settled[p.Name] = value
		}
	}
	for name := range asked {
		if !slices.ContainsFunc(d.Accepts(), func(p plugin.Parameter) bool { return p.Name == name }) {
			wrong = append(wrong, fault.Violation{Field: "/parameters/" + escape(name), Reason: "is no parameter of this batch"})
		}
	}
	return settled, wrong
}

// inForce is the value of a parameter: what was asked for, else the Batch Control's, else the default.
func inForce(c config.BatchControl, p plugin.Parameter, asked string) string {
	value := cmp.Or(asked, c.Parameters[p.Name])
	switch {
	case value != "":
		return value
	case p.Name == MaxErrors && c.MaxErrors > 0:
		return strconv.Itoa(c.MaxErrors)
	case p.Name == Commit && c.Commit > 0:
		return strconv.Itoa(c.Commit)
	}
	return p.Default
}

// Whole reads a whole number from a run's parameters; what is not told is the other value. Values were checked when the
// run was asked for.
func Whole(run control.Run, name string, otherwise int) int {
	n, err := strconv.Atoi(run.Parameters[name])
	if err != nil {
		return otherwise
	}
	return n
}
