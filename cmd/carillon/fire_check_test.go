package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The checker reads the tables and the providers' own records with its own eyes: no sum, no state and no word of the
// product is used. The numbers are those of the first migration.
const (
	kindSent, kindRetried, kindRefused, kindGaveUp, kindDoubtful = 1, 2, 3, 4, 5
	kindSuppressed, kindCancelled, kindExpired, kindSilent       = 11, 12, 13, 14
	kindDelivered, kindFailed                                    = 21, 22
)

// seen is evidence as the table has it.
type seen struct {
	Seq                         int32
	At                          int64
	Kind, Attempt               int16
	Reason, Code, Provider, Ref string
}

// found is a message as the tables have it.
type found struct {
	ID         string
	AcceptedAt int64
	Contact    int64
	Step       int16
	Channel    string
	Urgency    int16
	Reference  string
	Doubt      int16
	Due        bool
	Owner      string
	evidence   []seen
}

// place is where the evidence puts the message; the order of the conservation equation.
func (m *found) place() int {
	if m.Due {
		return 1
	}
	at := 1
	for _, e := range m.evidence {
		switch e.Kind {
		case kindSent:
			at = 3
		case kindRetried:
			at = 1
		case kindRefused, kindGaveUp, kindFailed:
			at = 6
		case kindDoubtful:
			at = 2
		case kindSuppressed:
			at = 7
		case kindCancelled:
			at = 8
		case kindExpired:
			at = 9
		case kindSilent:
			at = 5
		case kindDelivered:
			at = 4
		}
	}
	return at
}

func (m *found) final() bool { return m.place() > 3 }

// times counts evidence of a kind.
func (m *found) times(kind int16) (n int) {
	for _, e := range m.evidence {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// calls is how often the message's evidence lets a receiver see it that does not dedupe: once, and once more for each
// call that may have been made and that the policy then repeated.
func (m *found) calls() int {
	n := 1
	for i, e := range m.evidence {
		again := e.Kind == kindRetried && m.Doubt == 1 && doubtful(e)
		later := slices.ContainsFunc(m.evidence[i+1:], func(o seen) bool { return o.Kind == kindSent || o.Kind == kindRetried || o.Kind == kindDoubtful })
		if again || e.Kind == kindDoubtful && later && m.Doubt == 1 {
			n++
		}
	}
	return n
}

// doubtful tells a retry of a call that may have been made from one of a call that was not.
func doubtful(e seen) bool {
	return e.Reason == "ambiguous" || e.Reason == "unknown" || e.Reason == "cancelled"
}

// findings is everything the store holds.
type findings struct {
	contacts   map[int64]string // number → reference
	references map[string]int
	messages   map[string]*found
	counters   map[string]int64
}

func (f *findings) open() (n int) {
	for _, m := range f.messages {
		if !m.final() {
			n++
		}
	}
	return n
}

// look reads the tables, under one snapshot.
func (f *fire) look() (*findings, error) {
	ctx := f.t.Context()
	tx, err := f.sql().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	out := &findings{contacts: map[int64]string{}, references: map[string]int{}, messages: map[string]*found{}, counters: map[string]int64{}}
	var id int64
	var text string
	rows, _ := tx.Query(ctx, "select id, reference from contact")
	if _, err := pgx.ForEachRow(rows, []any{&id, &text}, func() error { out.contacts[id] = text; out.references[text]++; return nil }); err != nil {
		return nil, err
	}
	rows, _ = tx.Query(ctx, `select m.id::text, m.accepted_at, m.contact, m.step, m.channel, m.urgency, m.reference, m.doubt, d.message is not null, coalesce(d.owner, '')
		from message m left join due d on d.message = m.id`)
	var m found
	if _, err := pgx.ForEachRow(rows, []any{&m.ID, &m.AcceptedAt, &m.Contact, &m.Step, &m.Channel, &m.Urgency, &m.Reference, &m.Doubt, &m.Due, &m.Owner}, func() error {
		row := m
		out.messages[m.ID] = &row
		return nil
	}); err != nil {
		return nil, err
	}
	rows, _ = tx.Query(ctx, "select message::text, seq, at, kind, attempt, reason, code, provider, ref from evidence order by message, seq")
	var e seen
	if _, err := pgx.ForEachRow(rows, []any{&text, &e.Seq, &e.At, &e.Kind, &e.Attempt, &e.Reason, &e.Code, &e.Provider, &e.Ref}, func() error {
		if at := out.messages[text]; at != nil {
			at.evidence = append(at.evidence, e)
			return nil
		}
		return fmt.Errorf("evidence of message %s, which is not there", text)
	}); err != nil {
		return nil, err
	}
	var n int64
	rows, _ = tx.Query(ctx, "select concat_ws(' ', hour, channel, urgency, place), sum(delta)::bigint from counter group by 1 having sum(delta) <> 0")
	if _, err := pgx.ForEachRow(rows, []any{&text, &n}, func() error { out.counters[text] = n; return nil }); err != nil {
		return nil, err
	}
	return out, nil
}

// uniqueIn finds the reference that fireContact lays into everything that is said.
func uniqueIn(mark string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(mark) + `-\d{6}`)
}

// witness is what a provider remembers of one message.
type witness struct {
	ids   map[string]int // the stable id, or the provider's own: how often it was taken as a new one
	total int
}

// witnesses are the providers' memories: channel, reference → what was taken.
func (f *fire) witnesses(mark string) map[string]*witness {
	f.t.Helper()
	out := map[string]*witness{}
	unique := uniqueIn(mark)
	note := func(channel string, r record, id string) {
		ref := unique.FindString(r.Content)
		if ref == "" {
			f.t.Errorf("%s took something that nobody posted: %s", channel, r.Content)
			return
		}
		w := out[channel+" "+ref]
		if w == nil {
			w = &witness{ids: map[string]int{}}
			out[channel+" "+ref] = w
		}
		w.ids[id]++
		w.total++
	}
	for _, at := range []struct{ file, op, outcome, channel string }{
		{"sns", "publish", "accepted", "sms"},
		{"ses", "send", "accepted", "email"},
		{"dialer", "dial", "accepted", "voice"},
		{"dialer", "lease", "accepted", "voice"},
		{"dms", "letter", "accepted", "letter"},
		{"dms", "letter", "rejected", "letter"},
	} {
		for _, r := range readRecords(f.t, f.records, at.file) {
			if r.Op != at.op || r.Outcome != at.outcome {
				if at.file == "dms" && (r.Outcome == "conflict" || r.Outcome == "invalid") {
					f.t.Errorf("the DMS calls a %s %s: %s", r.Op, r.Outcome, r.Reference)
				}
				continue
			}
			id := r.ID
			if at.file == "dialer" {
				id = r.Reference
			}
			note(at.channel, r, id)
		}
	}
	return out
}

// verdicts is what the check found, for the report.
type verdicts struct {
	contacts, messages, attempts, doubts, twice, explained, sameID, taken int
	places                                                                [10]int
}

// check proves that nothing was lost and nothing doubled in silence.
func (f *fire) check(mark string, accepted []posted, all *findings) verdicts {
	f.t.Helper()
	v := verdicts{contacts: len(accepted), messages: len(all.messages)}
	f.whole(accepted, all)
	f.addsUp(all)
	taken := f.witnesses(mark)
	for _, m := range all.messages {
		v.places[m.place()]++
		for _, e := range m.evidence {
			if e.Kind <= kindDoubtful {
				v.attempts++
			}
		}
		if m.times(kindDoubtful) > 0 {
			v.doubts++
		}
		f.doubted(all, m)
		w := taken[m.Channel+" "+m.Reference]
		if w == nil {
			if m.times(kindSent) > 0 || m.times(kindDelivered) > 0 {
				f.t.Errorf("lost: it was sent, and no provider knows it:\n%s", f.story(all, m))
			}
			continue
		}
		v.taken++
		f.once(all, m, w, &v)
	}
	return v
}

// once checks how often a provider took a message.
func (f *fire) once(all *findings, m *found, w *witness, v *verdicts) {
	f.t.Helper()
	stable := m.Channel == "voice" || m.Channel == "letter"
	if stable {
		if len(w.ids) > 1 {
			f.t.Errorf("doubled: one %s under %d ids %v:\n%s", m.Channel, len(w.ids), w.ids, f.story(all, m))
		}
		v.sameID += w.total - 1
		return
	}
	if w.total == 1 {
		return
	}
	v.twice++
	if w.total > m.calls() {
		f.t.Errorf("doubled in silence: it was taken %d times, its evidence allows %d:\n%s", w.total, m.calls(), f.story(all, m))
		return
	}
	v.explained++
}

// doubted checks that what is in doubt has a disaster to blame, and that only receivers that do not dedupe leave doubts.
func (f *fire) doubted(all *findings, m *found) {
	f.t.Helper()
	for _, e := range m.evidence {
		if e.Kind != kindDoubtful {
			continue
		}
		if m.Channel != "sms" && m.Channel != "email" {
			f.t.Errorf("a %s in doubt, though its receiver dedupes:\n%s", m.Channel, f.story(all, m))
		}
		at := time.UnixMicro(e.At)
		if !slices.ContainsFunc(f.timeline, func(d event) bool { return at.After(d.from) && (d.to.IsZero() || at.Before(d.to.Add(fireSlack))) }) {
			f.t.Errorf("in doubt without a disaster:\n%s", f.story(all, m))
		}
	}
}

// whole checks that every contact that was accepted is there once, with a message for every step that was started.
func (f *fire) whole(accepted []posted, all *findings) {
	f.t.Helper()
	byContact := map[string]map[int16]int{}
	for _, m := range all.messages {
		key := fmt.Sprintf("%010d", m.Contact)
		if byContact[key] == nil {
			byContact[key] = map[int16]int{}
		}
		byContact[key][m.Step]++
	}
	known := map[string]string{}
	for id, reference := range all.contacts {
		known[fmt.Sprintf("%010d", id)] = reference
	}
	for _, p := range accepted {
		if known[p.contact] != p.reference {
			f.t.Errorf("lost: contact %s of %s was accepted and is not there", p.contact, p.reference)
		}
		steps := byContact[p.contact]
		for n := int16(1); int(n) <= max(1, len(steps)); n++ {
			if steps[n] != 1 {
				f.t.Errorf("contact %s has %d messages of step %d", p.contact, steps[n], n)
			}
		}
	}
	for reference, n := range all.references {
		if n != 1 {
			f.t.Errorf("reference %s has %d contacts", reference, n)
		}
	}
	if len(all.contacts) != len(accepted) {
		f.t.Errorf("%d contacts were accepted, %d are there", len(accepted), len(all.contacts))
	}
	var steps, unstarted int
	if err := f.sql().QueryRow(f.t.Context(), `select count(*), count(*) filter (where m.id is null) from step s left join message m on m.id = s.message`).Scan(&steps, &unstarted); err != nil {
		f.t.Fatal(err)
	}
	if unstarted > 0 || steps != len(all.messages) {
		f.t.Errorf("%d steps, %d without their message, %d messages", steps, unstarted, len(all.messages))
	}
}

// addsUp compares the counters of every hour with the tables.
func (f *fire) addsUp(all *findings) {
	f.t.Helper()
	const hour = int64(time.Hour / time.Microsecond)
	own := map[string]int64{}
	for _, m := range all.messages {
		for _, place := range []int{0, m.place()} {
			own[fmt.Sprintf("%d %s %d %d", m.AcceptedAt/hour*hour, m.Channel, m.Urgency, place)]++
		}
	}
	for cell, n := range all.counters {
		if own[cell] != n {
			f.t.Errorf("the counters say %d of (hour channel urgency place) %s, the tables %d", n, cell, own[cell])
		}
	}
	for cell, n := range own {
		if _, there := all.counters[cell]; !there {
			f.t.Errorf("the tables say %d of (hour channel urgency place) %s, the counters nothing", n, cell)
		}
	}
}

// story is the timeline of a message with the disasters around it.
func (f *fire) story(_ *findings, m *found) string {
	const clockFace = "15:04:05.000"
	var lines []string
	add := func(at time.Time, format string, args ...any) {
		lines = append(lines, at.UTC().Format(clockFace)+" "+fmt.Sprintf(format, args...))
	}
	add(time.UnixMicro(m.AcceptedAt), "accepted: %s %s of %s, due %v, owner %q, policy %d", m.Channel, m.ID, m.Reference, m.Due, m.Owner, m.Doubt)
	for _, e := range m.evidence {
		add(time.UnixMicro(e.At), "evidence %d: kind %d attempt %d %s %s %s", e.Seq, e.Kind, e.Attempt, e.Reason, e.Code, e.Ref)
	}
	for _, name := range []string{"sns", "ses", "dialer", "dms"} {
		for _, r := range readRecords(f.t, f.records, name) {
			if strings.Contains(r.Content, m.Reference) {
				add(r.At, "%s: %s %s %s %s", name, r.Op, r.Outcome, r.ID, r.Reference)
			}
		}
	}
	for _, d := range f.timeline {
		add(d.from, "disaster begins: %s %s", d.name, d.what)
		add(d.to, "disaster ends: %s %s", d.name, d.what)
	}
	slices.Sort(lines)
	return fmt.Sprintf("seed %d\n  %s", f.seed, strings.Join(lines, "\n  "))
}
