package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/message"
)

// What the gate reads, for any number of messages in one round trip.
const (
	gateSuppressions = `
select i.n, s.channel, s.address, s.division, s.reason, s.origin, s.since
from unnest($1::text[], $2::text[]) with ordinality as i (channel, address, n)
join suppression s on s.channel = i.channel and s.address = i.address
order by i.n, s.division`

	gatePoints = `
select i.n, t.id is null, coalesce(t.undeliverable_since, 0)
from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality as i (point, person, address, n)
left join point t on t.id = i.point and t.person = i.person and t.value = i.address
where i.point <> 0`

	selectSuppressions = `
select 0::bigint, channel, address, division, reason, origin, since from suppression
where channel = $1 and address = $2 order by division`
)

// GateFacts implements [store.Gatekeeper].
func (s *Store) GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	facts := make([]consent.Facts, len(messages))
	addresses := col(messages, func(m *message.Message) string { return address(m.Recipient.Address) })
	channels := col(messages, func(m *message.Message) string { return string(m.Channel) })
	points := col(messages, func(m *message.Message) int64 { return int64(m.Recipient.Point) })
	persons := col(messages, func(m *message.Message) int64 { return int64(m.Recipient.Person) })
	err := s.look(ctx, "reading gate facts", func(batch *pgx.Batch) {
		batch.Queue(gateSuppressions, channels, addresses).Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				n, p, err := suppressionOf(rows)
				if err != nil {
					return err
				}
				facts[n-1].Suppressions = append(facts[n-1].Suppressions, p)
			}
			return rows.Err()
		})
		batch.Queue(gatePoints, points, persons, addresses).Query(func(rows pgx.Rows) error {
			var n, since int64
			var gone bool
			_, err := pgx.ForEachRow(rows, []any{&n, &gone, &since}, func() error {
				facts[n-1].PointGone, facts[n-1].Undeliverable = gone, since != 0
				return nil
			})
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return facts, nil
}

func suppressionOf(row pgx.CollectableRow) (n int64, p consent.Suppression, err error) {
	var since int64
	err = row.Scan(&n, (*string)(&p.Channel), (*string)(&p.Address), &p.Division, &p.Reason, &p.Origin, &since)
	p.Since = timeOf(since)
	return n, p, err
}

// Suppressions implements [store.Gatekeeper].
func (s *Store) Suppressions(ctx context.Context, channel message.Channel, to customer.Address) ([]consent.Suppression, error) {
	return all(ctx, s, "reading suppressions", func(row pgx.CollectableRow) (consent.Suppression, error) {
		_, p, err := suppressionOf(row)
		return p, err
	}, selectSuppressions, string(channel), address(to))
}
