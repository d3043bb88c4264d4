package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/store"
)

func (s *server) intakeBatchOperations() []operation {
	return []operation{
		op("getIntakeBatch", s.getIntakeBatch),
		op("listIntakeBatches", s.listIntakeBatches),
	}
}

// Batches reads batches of contacts.
type Batches interface {
	// IntakeBatch returns a batch; fault.NotFound for what the caller does not see.
	IntakeBatch(ctx context.Context, p access.Principal, id string) (store.IntakeBatch, error)
	// IntakeBatches lists batches the newest first, from behind the last one on; more is where to go on.
	IntakeBatches(
		ctx context.Context, p access.Principal, last store.IntakeBatch, limit int,
	) (seen []store.IntakeBatch, more *store.IntakeBatch, err error)
}

// IntakeBatch is a batch of contacts and how far it is.
type IntakeBatch struct {
	ID        string          `json:"id"`
	Source    string          `json:"source"`
	Division  string          `json:"division,omitzero"`
	By        string          `json:"by"`
	State     string          `json:"state"`
	StartedAt contract.Moment `json:"startedAt"`
	TouchedAt contract.Moment `json:"touchedAt"`
	EndedAt   contract.Moment `json:"endedAt,omitzero"`
	Lines     int64           `json:"lines"`
	Accepted  int64           `json:"accepted"`
	Replayed  int64           `json:"replayed"`
	Refused   int64           `json:"refused"`
}

// IntakeBatchList is a page of batches of contacts.
type IntakeBatchList struct {
	Batches []IntakeBatch `json:"batches"`
	Next    string        `json:"next,omitzero"`
}

// getIntakeBatch reads how far a batch is.
func (s *server) getIntakeBatch(ctx context.Context, c call[nothing]) (answer[IntakeBatch], error) {
	b, err := s.Batches.IntakeBatch(ctx, c.caller, c.Text("batch"))
	if err != nil {
		return failed[IntakeBatch](err)
	}
	return ok(intakeBatchView(b)), nil
}

// listIntakeBatches lists batches, the newest first.
func (s *server) listIntakeBatches(ctx context.Context, c call[nothing]) (answer[IntakeBatchList], error) {
	last, err := intakeBatchAt(c.Text("after"))
	if err != nil {
		return failed[IntakeBatchList](err)
	}
	seen, more, err := s.Batches.IntakeBatches(ctx, c.caller, last, int(c.Integer("limit")))
	if err != nil {
		return failed[IntakeBatchList](err)
	}
	out := IntakeBatchList{Batches: make([]IntakeBatch, 0, len(seen))}
	for _, b := range seen {
		out.Batches = append(out.Batches, intakeBatchView(b))
	}
	if more != nil {
		out.Next = strconv.FormatInt(more.StartedAt.UnixMicro(), 10) + "_" + more.ID
	}
	return ok(out), nil
}

// intakeBatchAt reads where a list goes on.
func intakeBatchAt(after string) (store.IntakeBatch, error) {
	if after == "" {
		return store.IntakeBatch{}, nil
	}
	at, id, _ := strings.Cut(after, "_")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n <= 0 {
		return store.IntakeBatch{}, badCursor()
	}
	return store.IntakeBatch{ID: id, StartedAt: time.UnixMicro(n).UTC()}, nil
}

func intakeBatchView(b store.IntakeBatch) IntakeBatch {
	return IntakeBatch{
		ID: b.ID, Source: b.Source, Division: b.Division, By: b.By, State: b.State.String(),
		StartedAt: contract.Moment(b.StartedAt), TouchedAt: contract.Moment(b.TouchedAt), EndedAt: contract.Moment(b.EndedAt),
		Lines: b.Lines, Accepted: b.Accepted, Replayed: b.Replayed, Refused: b.Refused,
	}
}

// countLine counts a contact or a system event that was posted alone; one that was only checked is not counted, nor is
// who may not call.
func (s *server) countLine(x *exchange, rec *recorder) {
	count := s.cfg.Lines
	switch x.operation.ID {
	case raiseEvent:
		count = s.cfg.Raised
	case acceptContact:
	default:
		return
	}
	outcome := ""
	switch status := rec.status; {
	case status == http.StatusAccepted && rec.Header().Get("Idempotency-Replayed") == "true":
		outcome = intake.LineReplayed
	case status == http.StatusAccepted:
		outcome = intake.LineAccepted
	case status == http.StatusConflict:
		outcome = intake.LineConflict
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		outcome = intake.LineFailed
	case status == http.StatusOK, status == http.StatusUnauthorized:
		return
	default:
		outcome = intake.LineRefused
	}
	count(intake.PathSingle, outcome, 1)
}
