package store

import (
	"context"
	"slices"

	"carillon/core/control"
)

// Controls reads the records of the Batch Controls.
type Controls interface {
	// BatchRun returns a run with the instances of its threads; fault.NotFound.
	BatchRun(ctx context.Context, batch string, number int64) (control.View, error)
	// BatchRunList returns runs of a batch, the newest first, those below a number where one is given; threads are with
	// them.
	BatchRunList(ctx context.Context, batch string, below int64, limit int) ([]control.View, error)
	// OpenBatchRuns returns the runs of all batches that are pending or running, by batch.
	OpenBatchRuns(ctx context.Context) ([]control.View, error)
	// BatchErrors returns the rows of a run that had an error, by key, from those behind a key on.
	BatchErrors(ctx context.Context, batch string, run int64, after string, limit int) ([]control.RowError, error)
	// BatchStandings tells of each of the batches where it stands, in the order asked.
	BatchStandings(ctx context.Context, batches []string) ([]control.Standing, error)
}

// FailedRuns reads runs for TD-BTERR.
type FailedRuns interface {
	// FailedBatchRuns returns runs that ended with an error and were not reported, by batch and number, from those behind
	// on.
	FailedBatchRuns(ctx context.Context, batch string, number int64, limit int) ([]control.Run, error)
}

// BatchWrites is what a decision changes of the records of the Batch Controls. Empty fields change nothing.
type BatchWrites struct {
	BatchRuns    []control.Run      // insert (Version 1) or update under Version-1; of a batch one may be open: otherwise a Conflict "run"
	BatchThreads []control.Thread   // insert (Version 1) or update under Version-1; a Conflict "thread"; after BatchRuns
	BatchErrors  []control.RowError // put, by run and key
	BatchPauses  []control.Pause
}

func (to *BatchWrites) and(from *BatchWrites) {
	to.BatchRuns = slices.Concat(to.BatchRuns, from.BatchRuns)
	to.BatchThreads = slices.Concat(to.BatchThreads, from.BatchThreads)
	to.BatchErrors = slices.Concat(to.BatchErrors, from.BatchErrors)
	to.BatchPauses = slices.Concat(to.BatchPauses, from.BatchPauses)
}
