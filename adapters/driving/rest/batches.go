package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/fault"
	"carillon/core/store"
)

// Paths by which contacts come in, for metrics: a closed set.
const (
	PathSingle = "single"
	PathBulk   = "bulk"
	PathKafka  = "kafka"
)

// IntakePaths lists them.
func IntakePaths() []string { return []string{PathSingle, PathBulk, PathKafka} }

// EventPaths lists those by which system events come in.
func EventPaths() []string { return []string{PathSingle, PathKafka} }

// GetIntakeBatch reads how far a batch is.
func (s *server) GetIntakeBatch(ctx context.Context, params api.GetIntakeBatchParams) (api.GetIntakeBatchRes, error) {
	b, err := s.Batches.IntakeBatch(ctx, caller(ctx), string(params.Batch))
	if err != nil {
		return nil, err
	}
	view := batchView(b)
	return &view, nil
}

// ListIntakeBatches lists batches, the newest first.
func (s *server) ListIntakeBatches(ctx context.Context, params api.ListIntakeBatchesParams) (api.ListIntakeBatchesRes, error) {
	last, err := batchAt(params.After.Value)
	if err != nil {
		return nil, err
	}
	seen, more, err := s.Batches.IntakeBatches(ctx, caller(ctx), last, params.Limit.Or(100))
	if err != nil {
		return nil, err
	}
	out := &api.IntakeBatchList{Batches: make([]api.IntakeBatch, 0, len(seen))}
	for _, b := range seen {
		out.Batches = append(out.Batches, batchView(b))
	}
	if more != nil {
		out.Next = api.NewOptString(strconv.FormatInt(more.StartedAt.UnixMicro(), 10) + "_" + more.ID)
	}
	return out, nil
}

// batchAt reads where a list goes on.
func batchAt(after string) (store.IntakeBatch, error) {
	if after == "" {
		return store.IntakeBatch{}, nil
	}
	at, id, _ := strings.Cut(after, "_")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n <= 0 {
		return store.IntakeBatch{}, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is not the next of a page"})
	}
	return store.IntakeBatch{ID: id, StartedAt: time.UnixMicro(n).UTC()}, nil
}

func batchView(b store.IntakeBatch) api.IntakeBatch {
	return api.IntakeBatch{
		ID: api.BatchID(b.ID), Source: b.Source, Division: text(b.Division), By: b.By, State: api.IntakeBatchState(b.State.String()),
		StartedAt: stamp(b.StartedAt), TouchedAt: stamp(b.TouchedAt), EndedAt: maybe(b.EndedAt),
		Lines: b.Lines, Accepted: b.Accepted, Replayed: b.Replayed, Refused: b.Refused,
	}
}

// countLine counts a contact or a system event that was posted alone; one that was only checked is not counted, nor is who may not call.
func (s *server) countLine(operation string, rec *recorder) {
	count := s.cfg.Lines
	switch {
	case strings.EqualFold(operation, raiseEvent):
		count = s.cfg.Raised
	case !strings.EqualFold(operation, acceptContact):
		return
	}
	outcome := ""
	switch status := rec.status; {
	case status == http.StatusAccepted && rec.Header().Get("Idempotency-Replayed") == "true":
		outcome = LineReplayed
	case status == http.StatusAccepted:
		outcome = LineAccepted
	case status == http.StatusConflict:
		outcome = LineConflict
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		outcome = LineFailed
	case status == http.StatusOK, status == http.StatusUnauthorized:
		return
	default:
		outcome = LineRefused
	}
	count(PathSingle, outcome, 1)
}
