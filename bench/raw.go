package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// shipment is one statement with its arguments, ready to be sent.
type shipment struct {
	sql  string
	args []any
}

// pipeline is the statements of one transaction.
type pipeline []shipment

func (p *pipeline) add(sql string, args ...any) { *p = append(*p, shipment{sql, args}) }

// batch is the pipeline as pgx sends it.
func (p pipeline) batch() *pgx.Batch {
	b := &pgx.Batch{}
	for _, s := range p {
		b.Queue(s.sql, s.args...)
	}
	return b
}

// col is one column of the rows.
func col[T, V any](rows []T, of func(*T) V) []V {
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

// rowsOf lines up the rows of one kind of all sets.
func rowsOf[T any](sets []store.Writes, of func(*store.Writes) []T) []T {
	var rows []T
	for i := range sets {
		rows = append(rows, of(&sets[i])...)
	}
	return rows
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// acceptPipeline is the acceptance of the sets as plain statements over arrays, its ledger entries numbered from first.
func acceptPipeline(sets []store.Writes, first int64) pipeline {
	var p pipeline
	addKeys(&p, rowsOf(sets, func(w *store.Writes) []store.IntakeKey { return store.Of(w.Intake).Keys }))
	addContacts(&p, rowsOf(sets, func(w *store.Writes) []contact.Contact { return store.Of(w.Contact).Contacts }))
	plans := rowsOf(sets, func(w *store.Writes) []plan.Plan { return store.Of(w.Contact).Plans })
	p.add(insertPlans, col(plans, func(p *plan.Plan) int64 { return int64(p.Contact) }), col(plans, func(p *plan.Plan) int16 { return p.Steps }))
	steps := rowsOf(sets, func(w *store.Writes) []plan.Step { return store.Of(w.Contact).Steps })
	p.add(insertSteps,
		col(steps, func(s *plan.Step) int64 { return int64(s.Contact) }), col(steps, func(s *plan.Step) int16 { return s.Number }),
		col(steps, func(s *plan.Step) [16]byte { return s.Message }), col(steps, func(s *plan.Step) int64 { return micros(s.StartedAt) }),
		col(steps, func(s *plan.Step) string { return s.Why }))
	addMessages(&p, rowsOf(sets, func(w *store.Writes) []message.Message { return store.Of(w.Message).Messages }))
	addDues(&p, rowsOf(sets, func(w *store.Writes) []message.Due { return store.Of(w.Message).Dues }))
	deadlines := rowsOf(sets, func(w *store.Writes) []message.Deadline { return store.Of(w.Message).Deadlines })
	p.add(insertDeadlines,
		col(deadlines, func(d *message.Deadline) [16]byte { return d.Message }),
		col(deadlines, func(d *message.Deadline) int16 { return int16(d.Kind) }),
		col(deadlines, func(d *message.Deadline) int64 { return micros(d.At) }))
	addCounts(&p, rowsOf(sets, func(w *store.Writes) []message.Count { return store.Of(w.Message).Counts }))
	addEntries(&p, rowsOf(sets, func(w *store.Writes) []ledger.Entry { return store.Of(w.Ledger).Entries }), first)
	return p
}

func addKeys(p *pipeline, keys []store.IntakeKey) {
	slices.SortFunc(keys, func(a, b store.IntakeKey) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
	})
	p.add(insertKeys,
		col(keys, func(k *store.IntakeKey) int16 { return int16(k.Kind) }), col(keys, func(k *store.IntakeKey) string { return k.Source }),
		col(keys, func(k *store.IntakeKey) string { return k.Key }), col(keys, func(k *store.IntakeKey) string { return k.Division }),
		col(keys, func(k *store.IntakeKey) []byte { return k.Hash[:] }), col(keys, func(k *store.IntakeKey) int64 { return int64(k.Contact) }),
		col(keys, func(k *store.IntakeKey) int64 { return micros(k.At) }))
}

func addContacts(p *pipeline, rows []contact.Contact) {
	p.add(insertContacts,
		col(rows, func(c *contact.Contact) int64 { return int64(c.ID) }), col(rows, func(c *contact.Contact) int64 { return micros(c.AcceptedAt) }),
		col(rows, func(c *contact.Contact) string { return c.Source }), col(rows, func(c *contact.Contact) string { return c.Division }),
		col(rows, func(c *contact.Contact) string { return c.Reference }), col(rows, func(c *contact.Contact) string { return c.Class }),
		col(rows, func(c *contact.Contact) string { return c.Type }), col(rows, func(c *contact.Contact) int64 { return int64(c.Person) }),
		col(rows, func(c *contact.Contact) string { return c.Account }), col(rows, func(c *contact.Contact) string { return c.Premise }),
		col(rows, func(c *contact.Contact) string { return c.Data }), col(rows, func(c *contact.Contact) string { return c.Inline }),
		col(rows, func(c *contact.Contact) int64 { return micros(c.ExpiresAt) }), col(rows, func(c *contact.Contact) int64 { return c.Config }),
		col(rows, func(c *contact.Contact) string { return c.By }))
}

func addMessages(p *pipeline, rows []message.Message) {
	p.add(insertMessages,
		col(rows, func(m *message.Message) [16]byte { return m.ID }), col(rows, func(m *message.Message) int64 { return micros(m.AcceptedAt) }),
		col(rows, func(m *message.Message) string { return m.Source }), col(rows, func(m *message.Message) string { return m.Division }),
		col(rows, func(m *message.Message) int16 { return int16(m.Origin.Kind) }), col(rows, func(m *message.Message) int64 { return int64(m.Origin.Contact) }),
		col(rows, func(m *message.Message) int16 { return m.Origin.Step }), col(rows, func(m *message.Message) int16 { return m.Origin.Steps }),
		col(rows, func(m *message.Message) string { return string(m.Channel) }), col(rows, func(m *message.Message) int16 { return int16(m.Urgency) }),
		col(rows, func(m *message.Message) string { return m.Route }), col(rows, func(m *message.Message) int16 { return int16(m.Lane) }),
		col(rows, func(m *message.Message) int64 { return int64(m.Recipient.Person) }), col(rows, func(m *message.Message) int64 { return int64(m.Recipient.Point) }),
		col(rows, func(m *message.Message) string { return m.Recipient.Name }), col(rows, func(m *message.Message) string { return m.Recipient.Language }),
		col(rows, func(m *message.Message) string { return m.Recipient.Address.Reveal() }), col(rows, func(m *message.Message) string { return joined(m.Recipient.Zones) }),
		col(rows, func(m *message.Message) string { return m.Account }), col(rows, func(m *message.Message) string { return m.Reference }),
		col(rows, func(m *message.Message) string { return m.Template }), col(rows, func(m *message.Message) int64 { return m.Config }),
		col(rows, func(m *message.Message) string { return m.Content }), col(rows, func(m *message.Message) int64 { return micros(m.ExpiresAt) }),
		col(rows, func(m *message.Message) int64 { return m.Receipt.Microseconds() }), col(rows, func(m *message.Message) int64 { return m.Hold.Microseconds() }),
		col(rows, func(m *message.Message) int16 { return int16(m.Doubt) }), col(rows, func(m *message.Message) bool { return m.Marketing }))
}

func addDues(p *pipeline, rows []message.Due) {
	p.add(insertDues,
		col(rows, func(d *message.Due) int16 { return int16(d.Lane) }), col(rows, func(d *message.Due) int64 { return micros(d.At) }),
		col(rows, func(d *message.Due) [16]byte { return d.Message }), col(rows, func(d *message.Due) int64 { return micros(d.FirstAt) }),
		col(rows, func(*message.Due) int16 { return 1 }), // a new message
		col(rows, func(d *message.Due) int16 { return d.Priority }), col(rows, func(d *message.Due) int16 { return d.Attempt }),
		col(rows, func(d *message.Due) int32 { return d.Seq }), col(rows, func(d *message.Due) int32 { return d.Fence }),
		col(rows, func(d *message.Due) string { return d.Owner }))
}

// addCounts adds the deltas up, a row per hour, channel, urgency and place.
func addCounts(p *pipeline, counts []message.Count) {
	at := map[message.Count]int{}
	var cells []message.Count
	for _, c := range counts {
		key := c
		key.Delta = 0
		i, there := at[key]
		if !there {
			i = len(cells)
			at[key] = i
			cells = append(cells, key)
		}
		cells[i].Delta += c.Delta
	}
	p.add(insertCounts,
		col(cells, func(c *message.Count) int64 { return micros(c.Hour) }), col(cells, func(c *message.Count) string { return string(c.Channel) }),
		col(cells, func(c *message.Count) int16 { return int16(c.Urgency) }), col(cells, func(c *message.Count) int16 { return int16(c.Place) }),
		col(cells, func(c *message.Count) int64 { return c.Delta }))
}

func addEntries(p *pipeline, rows []ledger.Entry, first int64) {
	ids := make([]int64, len(rows))
	for i := range ids {
		ids[i] = first + int64(i)
	}
	p.add(insertEntries, ids,
		col(rows, func(e *ledger.Entry) int64 { return micros(e.At) }), col(rows, func(e *ledger.Entry) string { return string(e.Kind) }),
		col(rows, func(e *ledger.Entry) string { return e.Source }), col(rows, func(e *ledger.Entry) string { return e.Division }),
		col(rows, func(e *ledger.Entry) int64 { return int64(e.Contact) }), col(rows, func(e *ledger.Entry) string { return e.Canonical() }))
	p.add(insertMarks, []int64{first}, []int64{int64(len(rows))})
}

func joined(words []string) string {
	var out []byte
	for i, w := range words {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, w...)
	}
	return string(out)
}
