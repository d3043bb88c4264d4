package dms

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// status is a record of the status topic: of a letter, or of a run.
type status struct {
	ID      string `json:"id"`
	Letter  string `json:"letter,omitempty"`
	Batch   string `json:"batch,omitempty"`
	Run     int64  `json:"run,omitempty"`
	Status  string `json:"status"`
	Letters *int   `json:"letters,omitempty"`
	At      string `json:"at"`
	Reason  string `json:"reason"`

	batch  string
	key    string
	again  bool // say it even when it was said before
	silent bool
}

// identified gives the status the id that belongs to what it says.
func (t status) identified(parts ...string) status {
	t.ID = stage.UUID(append([]string{"dms"}, parts...)...)
	return t
}

func statusID(value []byte) string {
	var t status
	if err := json.Unmarshal(value, &t); err != nil {
		return ""
	}
	return t.ID
}

// wait is how long the DMS takes to say something.
func (s *Simulator) wait() time.Duration {
	return s.stage.Dice.Within(s.stage.Profile.Receipts)
}

// tellLater says the statuses after a wait, all at once and in their order; at once when the queue is full.
func (s *Simulator) tellLater(wait time.Duration, told []status) {
	if len(told) == 0 {
		return
	}
	if rule := s.stage.Faults.For(told[0].batch); s.stage.Dice.Chance(rule.LateAnswers) {
		wait += time.Duration(rule.LateMillis) * time.Millisecond
	}
	tell := func(ctx context.Context) {
		for _, t := range told {
			s.tell(ctx, t)
		}
	}
	if !s.stage.Later.After(wait, tell) {
		tell(context.Background())
	}
}

// tell publishes one status, unless it was said in an earlier life.
func (s *Simulator) tell(ctx context.Context, t status) {
	if _, before := s.said.Get(t.ID); before && !t.again {
		return
	}
	record := book.Record{Op: "status", ID: t.ID, Reference: t.key, Key: t.batch, Content: t.Status, Code: t.Reason}
	if t.silent || s.stage.Dice.Chance(s.stage.Faults.For(t.batch).LoseAnswers) {
		record.Outcome = "silent"
		s.stage.Book.Write(record)
		return
	}
	t.At = s.stage.Clock().UTC().Format(time.RFC3339Nano)
	value, _ := json.Marshal(t) // strings and numbers only
	message := &kgo.Record{Topic: s.config.Statuses, Key: []byte(t.key), Value: value}
	s.client.Produce(ctx, message, func(_ *kgo.Record, err error) {
		record.Outcome = "delivered"
		if err != nil {
			record.Outcome = "given_up"
			s.stage.Log.Warn("status not published", slog.String("simulator", s.stage.Name), slog.String("status", t.ID), slog.Any("error", err))
		}
		s.stage.Book.Write(record)
	})
}
