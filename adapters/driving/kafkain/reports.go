package kafkain

import (
	"context"
	"log/slog"
	"time"

	"github.com/IBM/sarama"

	"carillon/core/fault"
	"carillon/core/message"
)

// Inbox takes reports.
type Inbox interface {
	// Receive returns when the reports are durable; one that is there already is passed over. fault.Unavailable.
	Receive(ctx context.Context, now time.Time, reports []message.Report) error
}

// reports takes the answers of the document management system.
type reports struct {
	cfg     Config
	inbox   Inbox
	metrics *Metrics
}

// take hands a batch to the inbox, again and again until it is there or the session ends.
func (r reports) take(ctx context.Context, batch []*sarama.ConsumerMessage) error {
	said := make([]message.Report, 0, len(batch))
	for _, m := range batch {
		one, known, err := Read(m.Value, r.cfg.Clock())
		switch {
		case err != nil:
			r.metrics.records.WithLabelValues(r.cfg.Topic, outcomePoison).Inc()
			r.cfg.Log.Error("a record is not understood and passed over", slog.String("topic", m.Topic),
				slog.Int("partition", int(m.Partition)), slog.Int64("offset", m.Offset), slog.String("error", err.Error()))
		case !known:
			r.metrics.records.WithLabelValues(r.cfg.Topic, outcomeRun).Inc()
			if batch, run, no := Rejected(m.Value); no {
				r.cfg.Log.Error("the document management system rejected a run", slog.String("batch", batch), slog.Int64("run", run))
			}
		default:
			said = append(said, one)
		}
	}
	if len(said) == 0 {
		return nil
	}
	wait := firstPause
	for {
		err := r.inbox.Receive(ctx, r.cfg.Clock(), said)
		if err == nil {
			r.metrics.records.WithLabelValues(r.cfg.Topic, outcomeTaken).Add(float64(len(said)))
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		r.cfg.Log.Error("the inbox did not take reports; they are handed in again", slog.String("error", fault.KindOf(err).String()))
		pause(ctx, wait)
		wait = min(2*wait, longestPause)
	}
}
