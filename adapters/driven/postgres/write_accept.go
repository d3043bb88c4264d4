package postgres

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// The insertions of an acceptance.
const (
	insertKeys = `
insert into intake_key (kind, source, key, division, hash, contact, at)
select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[])`

	insertContacts = `
insert into contact (id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::text[])`

	insertPlans = `insert into plan (contact, steps) select * from unnest($1::bigint[], $2::smallint[])`

	insertSteps = `
insert into step (contact, number, message, started_at, why)
select * from unnest($1::bigint[], $2::smallint[], $3::uuid[], $4::bigint[], $5::text[])`

	insertMessages = `
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel, urgency, route, lane, person,
    point, name, language, address, zones, account, reference, template, config, content, expires_at, receipt, hold, doubt,
    marketing)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::smallint[],
    $8::smallint[], $9::text[], $10::smallint[], $11::text[], $12::smallint[], $13::bigint[], $14::bigint[], $15::text[],
    $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[], $23::text[], $24::bigint[],
    $25::bigint[], $26::bigint[], $27::smallint[], $28::boolean[])`
)

// queueKeys goes first: a key that is there already ends the pipeline early. Keys are sorted, so that two calls with the
// same keys wait for each other in one order.
func queueKeys(batch *pgx.Batch, jobs []*job) {
	keys := flat(jobs, func(w *store.Writes) []store.IntakeKey { return store.Of(w.Intake).Keys })
	if len(keys) == 0 {
		return
	}
	keys = slices.SortedFunc(slices.Values(keys), func(a, b store.IntakeKey) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
	})
	batch.Queue(insertKeys,
		col(keys, func(k *store.IntakeKey) int16 { return int16(k.Kind) }),
		col(keys, func(k *store.IntakeKey) string { return text(k.Source) }),
		col(keys, func(k *store.IntakeKey) string { return text(k.Key) }),
		col(keys, func(k *store.IntakeKey) string { return text(k.Division) }),
		col(keys, func(k *store.IntakeKey) []byte { return k.Hash[:] }),
		col(keys, func(k *store.IntakeKey) int64 { return int64(k.Contact) }),
		col(keys, func(k *store.IntakeKey) int64 { return micros(k.At) }))
}

func queueAccepted(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []contact.Contact { return store.Of(w.Contact).Contacts }); len(rows) > 0 {
		queueContacts(batch, rows)
	}
	if rows := flat(jobs, func(w *store.Writes) []plan.Plan { return store.Of(w.Contact).Plans }); len(rows) > 0 {
		batch.Queue(insertPlans,
			col(rows, func(p *plan.Plan) int64 { return int64(p.Contact) }),
			col(rows, func(p *plan.Plan) int16 { return p.Steps }))
	}
	if rows := flat(jobs, func(w *store.Writes) []plan.Step { return store.Of(w.Contact).Steps }); len(rows) > 0 {
		batch.Queue(insertSteps,
			col(rows, func(s *plan.Step) int64 { return int64(s.Contact) }),
			col(rows, func(s *plan.Step) int16 { return s.Number }),
			col(rows, func(s *plan.Step) [16]byte { return s.Message }),
			col(rows, func(s *plan.Step) int64 { return micros(s.StartedAt) }),
			col(rows, func(s *plan.Step) string { return text(s.Why) }))
	}
	if rows := flat(jobs, func(w *store.Writes) []message.Message { return store.Of(w.Message).Messages }); len(rows) > 0 {
		queueMessages(batch, rows)
	}
}

func queueContacts(batch *pgx.Batch, rows []contact.Contact) {
	batch.Queue(insertContacts,
		col(rows, func(c *contact.Contact) int64 { return int64(c.ID) }),
		col(rows, func(c *contact.Contact) int64 { return micros(c.AcceptedAt) }),
		col(rows, func(c *contact.Contact) string { return text(c.Source) }),
		col(rows, func(c *contact.Contact) string { return text(c.Division) }),
		col(rows, func(c *contact.Contact) string { return text(c.Reference) }),
		col(rows, func(c *contact.Contact) string { return text(c.Class) }),
		col(rows, func(c *contact.Contact) string { return text(c.Type) }),
		col(rows, func(c *contact.Contact) int64 { return int64(c.Person) }),
		col(rows, func(c *contact.Contact) string { return text(c.Account) }),
		col(rows, func(c *contact.Contact) string { return text(c.Premise) }),
		col(rows, func(c *contact.Contact) string { return text(c.Data) }),
		col(rows, func(c *contact.Contact) string { return text(c.Inline) }),
		col(rows, func(c *contact.Contact) int64 { return micros(c.ExpiresAt) }),
		col(rows, func(c *contact.Contact) int64 { return c.Config }),
		col(rows, func(c *contact.Contact) string { return text(c.By) }))
}

func queueMessages(batch *pgx.Batch, rows []message.Message) {
	batch.Queue(insertMessages,
		col(rows, func(m *message.Message) [16]byte { return m.ID }),
		col(rows, func(m *message.Message) int64 { return micros(m.AcceptedAt) }),
		col(rows, func(m *message.Message) string { return text(m.Source) }),
		col(rows, func(m *message.Message) string { return text(m.Division) }),
		col(rows, func(m *message.Message) int16 { return int16(m.Origin.Kind) }),
		col(rows, func(m *message.Message) int64 { return m.Origin.Of() }),
		col(rows, func(m *message.Message) int16 { return m.Origin.Step }),
		col(rows, func(m *message.Message) int16 { return m.Origin.Steps }),
		col(rows, func(m *message.Message) string { return text(string(m.Channel)) }),
		col(rows, func(m *message.Message) int16 { return int16(m.Urgency) }),
		col(rows, func(m *message.Message) string { return text(m.Route) }),
		col(rows, func(m *message.Message) int16 { return int16(m.Lane) }),
		col(rows, func(m *message.Message) int64 { return int64(m.Recipient.Person) }),
		col(rows, func(m *message.Message) int64 { return int64(m.Recipient.Point) }),
		col(rows, func(m *message.Message) string { return text(m.Recipient.Name) }),
		col(rows, func(m *message.Message) string { return text(m.Recipient.Language) }),
		col(rows, func(m *message.Message) string { return address(m.Recipient.Address) }),
		col(rows, func(m *message.Message) string { return list(m.Recipient.Zones) }),
		col(rows, func(m *message.Message) string { return text(m.Account) }),
		col(rows, func(m *message.Message) string { return text(m.Reference) }),
		col(rows, func(m *message.Message) string { return text(m.Template) }),
		col(rows, func(m *message.Message) int64 { return m.Config }),
		col(rows, func(m *message.Message) string { return text(m.Content) }),
		col(rows, func(m *message.Message) int64 { return micros(m.ExpiresAt) }),
		col(rows, func(m *message.Message) int64 { return m.Receipt.Microseconds() }),
		col(rows, func(m *message.Message) int64 { return m.Hold.Microseconds() }),
		col(rows, func(m *message.Message) int16 { return int16(m.Doubt) }),
		col(rows, func(m *message.Message) bool { return m.Marketing }))
}
