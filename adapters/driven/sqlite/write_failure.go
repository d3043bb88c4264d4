package sqlite

import (
	"context"

	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

const putDead = `
insert into dead_letter (message, place, at, accepted_at, source, division, contact, class, type, channel, route, urgency, reason, code, attempts)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce((select class from contact where id = ?7), ''), coalesce((select type from contact where id = ?7), ''),
    ?8, ?9, ?10, ?11, ?12, ?13)
on conflict (message) do update set place = excluded.place, at = excluded.at, reason = excluded.reason, code = excluded.code,
    attempts = excluded.attempts`

// dead puts a dead letter; a message has one.
func (x *tx) dead(ctx context.Context, d message.DeadLetter) error {
	_, err := x.exec(ctx, putDead, d.Message[:], int64(d.Place), micros(d.At), micros(d.AcceptedAt), d.Source, d.Division, int64(d.Contact),
		string(d.Channel), d.Route, int64(d.Urgency), d.Reason, d.Code, d.Attempts)
	return err
}

func (x *tx) undead(ctx context.Context, id message.ID) error {
	_, err := x.exec(ctx, `delete from dead_letter where message = ?`, id[:])
	return err
}

// halt ends a contact's plan; the first halt stays.
func (x *tx) halt(ctx context.Context, h plan.Halt) error {
	_, err := x.exec(ctx, `insert into halt (contact, at, reason, by) values (?, ?, ?, ?) on conflict do nothing`,
		int64(h.Contact), micros(h.At), h.Reason, h.By)
	return err
}

const insertRetry = `insert into retry (contact, step, number, message, former, at, by) values (?, ?, ?, ?, ?, ?, ?)`

func (x *tx) retry(ctx context.Context, r plan.Retry) error {
	return x.must(ctx, store.LostRetry, insertRetry, int64(r.Contact), r.Step, r.Number, r.Message[:], r.Former[:], micros(r.At), r.By)
}
