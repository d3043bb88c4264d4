package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/message"
	"carillon/core/store"
)

// What waits for a verb to look at it. The message of a report is looked up by our own id where it names one that we
// know, else by the provider's reference.
const (
	selectReports = `
select r.number, r.received_at, r.provider, r.key, r.message, r.ref, r.at, r.says, r.reason, r.code, r.undeliverable, r.suppress,
    r.from_address, r.to_sender, r.word, coalesce(m.id, p.message)
from report r
left join message m on m.id = r.message
left join provider_ref p on p.provider = r.provider and p.ref = r.ref and r.ref <> ''
where not r.done and r.look_at <= $1
order by r.number
limit $2`

	selectDeadlines = `select at, message, kind from deadline where at <= $1 order by at, message limit $2`
)

// waitingReport is a report with the message it was found to be about.
type waitingReport struct {
	store.Inboxed
	about *[16]byte
}

// Inbox implements [store.Inbox]: one round trip for the reports, one for their messages.
func (s *Store) Inbox(ctx context.Context, now time.Time, limit int) ([]store.Inboxed, error) {
	waiting, err := all(ctx, s, "reading the inbox", waitingOf, selectReports, micros(now), limit)
	if err != nil {
		return nil, err
	}
	var ids []message.ID
	for _, w := range waiting {
		if w.about != nil {
			ids = append(ids, *w.about)
		}
	}
	records, err := s.records(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]store.Inboxed, len(waiting))
	for i, w := range waiting {
		found[i] = w.Inboxed
		if w.about != nil {
			found[i].Record = records[*w.about]
		}
	}
	return found, nil
}

func waitingOf(row pgx.CollectableRow) (w waitingReport, err error) {
	var received, at int64
	var own *[16]byte
	r := &w.Report
	err = row.Scan(&w.Number, &received, &r.Provider, &r.Key, &own, &r.Ref, &at, (*string)(&r.Says), &r.Reason, &r.Code,
		&r.Undeliverable, &r.Suppress, (*string)(&r.From), &r.To, &r.Word, &w.about)
	w.ReceivedAt, r.At = timeOf(received), timeOf(at)
	if own != nil {
		r.Message = *own
	}
	return w, err
}

// Deadlines implements [store.Inbox].
func (s *Store) Deadlines(ctx context.Context, now time.Time, limit int) ([]store.Passed, error) {
	passed, err := all(ctx, s, "reading deadlines", deadlineOf, selectDeadlines, micros(now), limit)
	if err != nil {
		return nil, err
	}
	records, err := s.records(ctx, col(passed, func(d *message.Deadline) message.ID { return d.Message }))
	if err != nil {
		return nil, err
	}
	found := make([]store.Passed, 0, len(passed))
	for _, d := range passed {
		if r, ok := records[d.Message]; ok {
			found = append(found, store.Passed{Deadline: d, Record: *r})
		}
	}
	return found, nil
}

func deadlineOf(row pgx.CollectableRow) (d message.Deadline, err error) {
	var at int64
	var kind int16
	err = row.Scan(&at, (*[16]byte)(&d.Message), &kind)
	d.At, d.Kind = timeOf(at), message.DeadlineKind(kind) //nolint:gosec // written from one
	return d, err
}
