package main

import (
	"context"
	"fmt"
	"time"

	"carillon/core/message"
)

// seedMessages multiplies the one message that is there: time-ordered identifiers of this hour, other numbers to text. Nothing
// else of an acceptance is read by claim, gate and settlement.
const seedMessages = `
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel, urgency, route, lane, person,
    point, name, language, address, zones, account, reference, template, config, content, expires_at, receipt, hold, doubt,
    marketing)
select (lpad(to_hex($1::bigint + i / 4000), 12, '0') || '7' || lpad(to_hex(i % 4000), 3, '0') || '8' || lpad(to_hex(i), 15, '0'))::uuid,
    ($1::bigint + i / 4000) * 1000 + i % 4000 / 4, source, division, origin, contact, step, steps, channel, $2, route, $3, person, point, name, language,
    '+1' || (array['212', '646', '718', '917'])[1 + i % 4] || (2220000 + (i / 4) % 700000), zones, account, reference, template, config,
    content, 0, receipt, hold, doubt, marketing
from (select * from message limit 1) m, generate_series($4::bigint, $5::bigint) i`

// seedDues lets them wait, in order.
const seedDues = `
insert into due (lane, due_at, message, first_due_at, reason, priority, attempt, seq, fence, owner)
select lane, accepted_at, id, accepted_at, 1, 0, 0, 0, 0, '' from message where lane = $1 order by id`

const seedCount = `insert into counter (hour, channel, urgency, place, delta) select accepted_at / 3600000000 * 3600000000, channel, urgency, $1, count(*) from message where lane = $2 group by 1, 2, 3`

// seed makes a backlog in one lane of a fresh database by statements on the server, and lets the tables come to rest.
func (g *Gateway) seed(ctx context.Context, urgency message.Urgency, n int) error {
	sets, err := g.prepared(ctx, 1)
	if err != nil {
		return err
	}
	verdicts, err := g.store.Apply(ctx, sets...)
	if err != nil {
		return err
	}
	if err := allApplied(verdicts); err != nil {
		return err
	}
	into := message.NewLane(3, urgency)
	since := time.Now().UnixMilli() - int64(n/4000) - 1000
	if month := time.Now().UTC(); month.Day() == 1 { // not into the month before
		since = max(since, time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	}
	const part = 250_000
	for from := 1; from <= n; from += part {
		if _, err := g.raw.Exec(ctx, seedMessages, since, int16(urgency), int16(into), from, min(from+part-1, n)); err != nil {
			return fmt.Errorf("seeding messages: %w", err)
		}
	}
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{"delete from due", nil},
		{"delete from message where lane <> $1", []any{int16(into)}},
		{seedDues, []any{int16(into)}},
		{seedCount, []any{int16(message.Pending), int16(into)}},
	} {
		if _, err := g.raw.Exec(ctx, do.sql, do.args...); err != nil {
			return fmt.Errorf("seeding: %w", err)
		}
	}
	return Settle(ctx, g.raw)
}
