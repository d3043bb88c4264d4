// Package letters runs LTRPRT in this process: for the API, the schedule and the command line, once at a time.
package letters

import (
	"context"
	"sync"
	"time"

	"carillon/core/batch"
	"carillon/core/control"
	"carillon/core/extract"
	"carillon/core/fault"
)

// Engine is LTRPRT as whoever asks runs it.
type Engine struct {
	Job   *batch.Letters
	Watch batch.Watch

	mu    sync.Mutex
	later time.Time // an unfinished run is not looked for before
}

// Run runs it now, or goes on with the run that is open.
func (l *Engine) Run(ctx context.Context, now time.Time, by string, empty bool) (extract.Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Job.Run(ctx, now, by, empty)
}

// unfinishedEvery is how often an unfinished run is looked for.
const unfinishedEvery = 10 * time.Second

// Unfinished takes up a run that a crash or an outage left open.
func (l *Engine) Unfinished(ctx context.Context, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.later) {
		return nil
	}
	l.later = now.Add(unfinishedEvery)
	if _, err := l.Job.Facts.OpenRun(ctx, extract.LTRPRT); err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	_, err := l.Job.Run(ctx, now, "resumed", false)
	return err
}

// Start implements batch.Engine.
func (l *Engine) Start(ctx context.Context, now time.Time, by string, empty bool) (int64, error) {
	run, err := l.Run(ctx, now, by, empty)
	if err == nil && run.Number != 0 {
		l.Watch.Committed(extract.LTRPRT, run.Letters, 0)
		l.Watch.Ended(control.Run{Batch: extract.LTRPRT, State: control.Complete})
	}
	return run.Number, err
}

// Extracts implements rest.Letters.
func (l *Engine) Extracts(ctx context.Context, below int64, limit int) ([]extract.Run, error) {
	return l.Job.Facts.RunList(ctx, extract.LTRPRT, below, limit)
}
