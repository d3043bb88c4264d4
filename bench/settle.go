package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"carillon/core/consent"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/store"
)

const rawSettle = "raw statements, same claims"

func settleName(o Options) string {
	return fmt.Sprintf("Carillon Exchange, %d workers, %d per claim", o.Workers, o.Batch)
}

func settleSubjects(g *Gateway) []Subject {
	return []Subject{
		{Name: settleName(g.options), Base: rawSettle, Alike: true, Run: g.exchanged},
		{Name: rawSettle, Base: rawSettle, Alike: true, Run: func(ctx context.Context, rows int) (Sample, error) {
			return g.rawSettled(ctx, g.raw, shipped(), rows)
		}},
		{Name: riverName, Base: rawSettle, Run: g.rivered},
		{Name: "Carillon Exchange, a small backlog (a quarter)", Base: rawSettle, Run: func(ctx context.Context, rows int) (Sample, error) {
			return g.exchanged(ctx, max(rows/4, 1))
		}},
		{Name: "Carillon Exchange, 1 worker, 16 per claim (slots of a shipped route)", Run: func(ctx context.Context, rows int) (Sample, error) {
			return g.exchangedBy(ctx, max(rows/4, 1), 1, 16)
		}},
	}
}

// fill puts a backlog of accepted messages there, under the shape of the due table, and returns the messages.
func (g *Gateway) fill(ctx context.Context, shape Shape, rows int) ([]message.Message, error) {
	if err := Reset(ctx, g.raw); err != nil {
		return nil, err
	}
	if err := shape.Put(ctx, g.raw); err != nil {
		return nil, err
	}
	sets, err := g.prepared(ctx, rows)
	if err != nil {
		return nil, err
	}
	messages := make([]message.Message, len(sets))
	for i := range sets {
		messages[i] = sets[i].Message.Messages[0]
	}
	for part := range slices.Chunk(sets, 1000) {
		verdicts, err := g.store.Apply(ctx, part...)
		if err := errors.Join(err, allApplied(verdicts)); err != nil {
			return nil, err
		}
	}
	return messages, Settle(ctx, g.raw)
}

// nothing is a provider that takes everything at once, and a breaker that is never open.
type nothing struct{ free int }

// Send implements dispatch.Channel.
func (nothing) Send(_ context.Context, batch []message.Taken) []message.Answer {
	answers := make([]message.Answer, len(batch))
	for i := range answers {
		answers[i].Receipt.Ref = batch[i].Message.ID.String()
	}
	return answers
}

// Ready implements dispatch.Breaker.
func (nothing) Ready(time.Time) (bool, time.Time) { return true, time.Time{} }

// Free implements dispatch.Breaker.
func (n nothing) Free() int { return n.free }

// Row implements dispatch.Breaker.
func (nothing) Row() int { return 0 }

// Trial implements dispatch.Breaker.
func (nothing) Trial() time.Time { return time.Time{} }

func (g *Gateway) exchanged(ctx context.Context, rows int) (Sample, error) {
	return g.exchangedBy(ctx, rows, g.options.Workers, g.options.Batch)
}

// exchangedBy drains a backlog with dispatch's exchanges, a service per worker, as so many gateways would.
func (g *Gateway) exchangedBy(ctx context.Context, rows, workers, size int) (Sample, error) {
	if _, err := g.fill(ctx, shipped(), rows); err != nil {
		return Sample{}, err
	}
	s, err := g.drained(ctx, fmt.Sprintf("settle-%d-%d", workers, size), lane(), math.MaxInt32, workers, size)
	if err == nil && s.Rows != rows {
		return s, fmt.Errorf("settled %d of %d", s.Rows, rows)
	}
	return s, err
}

// drained settles what waits in a lane, at least as many as are wanted when so many wait.
func (g *Gateway) drained(ctx context.Context, name string, from message.Lane, want, workers, size int) (Sample, error) {
	var settled, turns, left atomic.Int64
	left.Store(int64(want))
	s, err := g.run(ctx, name, 1, func() error {
		var all errgroup.Group
		for i := range workers {
			service := &dispatch.Service{
				Store: g.store, Facts: g.store, Configs: g.configs, Steps: g.accept, Allow: consent.Allow{Everyone: true},
				Owner: fmt.Sprintf("gateway:bench-%d", i), Lease: 10 * time.Minute,
			}
			all.Go(func() error { return drain(ctx, service, from, size, &left, &settled, &turns) })
		}
		return all.Wait()
	})
	s.Rows = int(settled.Load())
	s.Note = fmt.Sprintf("%d exchanges", turns.Load())
	return s, err
}

// unhinted is how many claims use the low-water hint before one does without, as in adapters/driving/ticker.
const unhinted = 100

// drain exchanges until nothing waits, or nothing more is wanted.
func drain(ctx context.Context, service *dispatch.Service, from message.Lane, size int, left, settled, turns *atomic.Int64) error {
	provider := nothing{free: size}
	way := &dispatch.Way{Route: "sms-north", Provider: "sns", Channel: provider, Breaker: provider, Batch: 1}
	var done []dispatch.Result
	var low time.Time
	for n := 1; ; n++ {
		ask := dispatch.Ask{Lane: from, Way: way, Done: done, Free: size}
		if left.Add(-int64(size)) <= -int64(size) {
			ask.Free = 0
		}
		if n%unhinted != 0 {
			ask.Low = low
		}
		turn, err := service.Exchange(ctx, clock(), ask)
		if err != nil {
			return err
		}
		turns.Add(1)
		settled.Add(int64(len(turn.Settled)))
		low = turn.Low
		done = append(turn.Stopped, turn.Left...)
		for _, c := range turn.Calls {
			began := clock()
			answers := c.Way.Channel.Send(ctx, c.Batch)
			ended := clock()
			done = append(done, c.Done(answers, ended, ended.Sub(began))...)
		}
		if len(done) == 0 {
			return nil
		}
	}
}

// ending is what settling one message writes, computed before the clock starts, and what its gate asks for.
type ending struct {
	evidence message.Evidence
	deadline message.Deadline
	hour     time.Time
	source   string
	division string
	contact  int64
	entry    string
	entryAt  int64
	entryIs  string
	address  string
	person   int64
	point    int64
}

// endings decides every message as sent.
func endings(messages []message.Message, now time.Time) (map[[16]byte]*ending, error) {
	all := make(map[[16]byte]*ending, len(messages))
	claimed := message.Life{Work: message.Claimed, Place: message.Pending}
	for _, m := range messages {
		move, err := claimed.Sent(message.Observation{At: now, Provider: "sns", Ref: m.ID.String(), Took: time.Microsecond})
		if err != nil {
			return nil, err
		}
		w := store.Tell(m, move)
		of, entries := store.Of(w.Message), store.Of(w.Ledger).Entries
		if len(of.Evidence)+len(of.Refs)+len(of.Deadlines)+len(entries)+len(of.Undeadlines) != 5 || len(of.Counts) != 2 {
			return nil, errors.New("a settlement writes other rows than the raw statements do")
		}
		e := entries[0]
		all[m.ID] = &ending{
			evidence: of.Evidence[0], deadline: of.Deadlines[0], hour: m.AcceptedAt.Truncate(time.Hour), source: e.Source, division: e.Division,
			contact: int64(e.Contact), entry: e.Canonical(), entryAt: micros(e.At), entryIs: string(e.Kind),
			address: m.Recipient.Address.Reveal(), person: int64(m.Recipient.Person), point: int64(m.Recipient.Point),
		}
	}
	return all, nil
}

// rawSettled drains a backlog with plain statements.
func (g *Gateway) rawSettled(ctx context.Context, pool *pgxpool.Pool, shape Shape, rows int) (Sample, error) {
	messages, err := g.fill(ctx, shape, rows)
	if err != nil {
		return Sample{}, err
	}
	all, err := endings(messages, clock())
	if err != nil {
		return Sample{}, err
	}
	var first int64
	if err := g.raw.QueryRow(ctx, reserve, "ledger", rows).Scan(&first); err != nil {
		return Sample{}, err
	}
	entries := &atomic.Int64{}
	entries.Store(first)
	var settled atomic.Int64
	s, err := g.run(ctx, "raw-settle-"+shape.Name, rows, func() error {
		var group errgroup.Group
		for i := range g.options.Workers {
			w := &rawWorker{pool: pool, shape: shape, all: all, entries: entries, size: g.options.Batch, owner: fmt.Sprintf("gateway:bench-%d", i)}
			group.Go(func() error {
				n, err := w.drain(ctx)
				settled.Add(n)
				return err
			})
		}
		return group.Wait()
	})
	if err == nil && settled.Load() != int64(rows) {
		return s, fmt.Errorf("settled %d of %d", settled.Load(), rows)
	}
	return s, err
}

// rawWorker claims and settles with plain statements.
type rawWorker struct {
	pool    *pgxpool.Pool
	shape   Shape
	all     map[[16]byte]*ending
	entries *atomic.Int64
	owner   string
	size    int
}

// held is what one claim took: what the fences need.
type held struct {
	ids    [][16]byte
	due    []int64 // when each was due before the claim
	fences []int32
	lease  int64
}

func (w *rawWorker) drain(ctx context.Context) (settled int64, err error) {
	var have held
	low := int64(math.MinInt64)
	for n := 1; ; n++ {
		if n%unhinted == 0 {
			low = math.MinInt64
		}
		batch := &pgx.Batch{}
		batch.Queue(byIndex)
		if len(have.ids) > 0 {
			w.settle(batch, have)
		}
		now := clock()
		next := held{lease: micros(now.Add(10 * time.Minute))}
		batch.Queue(w.shape.claim, int16(lane()), micros(now), low, w.size, next.lease, w.owner, int16(8)).Query(next.read)
		if err := send(ctx, w.pool, batch); err != nil {
			return settled, err
		}
		settled += int64(len(have.ids))
		if have = next; len(have.ids) == 0 {
			return settled, nil
		}
		low = slices.Min(have.due)
		if err := w.gate(ctx, have); err != nil {
			return settled, err
		}
	}
}

// read takes the claim's answer from the wire, the body too, without making values of it.
func (h *held) read(rows pgx.Rows) error {
	defer rows.Close()
	at := map[string]int{}
	for i, f := range rows.FieldDescriptions() {
		if _, there := at[f.Name]; !there {
			at[f.Name] = i
		}
	}
	for rows.Next() {
		raw := rows.RawValues()
		h.ids = append(h.ids, [16]byte(raw[at["id"]]))
		h.due = append(h.due, int64(number(raw[at["was"]])))                 //nolint:gosec // written from one
		h.fences = append(h.fences, int32(uint32(number(raw[at["fence"]])))) //nolint:gosec // written from one
	}
	return rows.Err()
}

// number reads a big-endian integer.
func number(b []byte) (n uint64) {
	for _, digit := range b {
		n = n<<8 | uint64(digit)
	}
	return n
}

// settle queues the settlement of what is held, statement by statement as the store does.
func (w *rawWorker) settle(batch *pgx.Batch, have held) {
	rows := make([]*ending, len(have.ids))
	hours := map[time.Time]int64{}
	for i, id := range have.ids {
		rows[i] = w.all[id]
		hours[rows[i].hour]++
	}
	of := func(one func(*ending) string) []string { return col(rows, func(e **ending) string { return one(*e) }) }
	ints := func(one func(*ending) int64) []int64 { return col(rows, func(e **ending) int64 { return one(*e) }) }
	batch.Queue(deleteDeadlines, have.ids)
	w.shape.queueSettle(batch, have)
	batch.Queue(insertEvidence, have.ids, col(rows, func(e **ending) int32 { return (*e).evidence.Seq }),
		ints(func(e *ending) int64 { return micros(e.evidence.At) }), col(rows, func(e **ending) int16 { return int16((*e).evidence.Kind) }),
		col(rows, func(e **ending) int16 { return (*e).evidence.Attempt }), of(func(e *ending) string { return e.evidence.Reason }),
		of(func(e *ending) string { return e.evidence.Code }), of(func(e *ending) string { return e.evidence.Provider }),
		of(func(e *ending) string { return e.evidence.Ref }), ints(func(e *ending) int64 { return e.evidence.Took.Microseconds() }))
	batch.Queue(insertRefs, of(func(e *ending) string { return e.evidence.Provider }), of(func(e *ending) string { return e.evidence.Ref }),
		have.ids, ints(func(e *ending) int64 { return micros(e.evidence.At) }))
	batch.Queue(insertDeadlines, have.ids, col(rows, func(e **ending) int16 { return int16((*e).deadline.Kind) }),
		ints(func(e *ending) int64 { return micros(e.deadline.At) }))
	var p pipeline
	var counts []message.Count
	for hour, n := range hours {
		c := message.Count{Hour: hour, Channel: message.SMS, Urgency: message.Service, Place: message.Pending, Delta: -n}
		counts = append(counts, c)
		c.Place, c.Delta = message.AtSent, n
		counts = append(counts, c)
	}
	addCounts(&p, counts)
	batch.Queue(p[0].sql, p[0].args...)
	n := int64(len(rows))
	first := w.entries.Add(n) - n
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = first + int64(i)
	}
	batch.Queue(insertEntries, numbers, ints(func(e *ending) int64 { return e.entryAt }), of(func(e *ending) string { return e.entryIs }),
		of(func(e *ending) string { return e.source }), of(func(e *ending) string { return e.division }),
		ints(func(e *ending) int64 { return e.contact }), of(func(e *ending) string { return e.entry }))
	batch.Queue(insertMarks, []int64{first}, []int64{n})
}

// gate reads what the gate reads, and makes nothing of it.
func (w *rawWorker) gate(ctx context.Context, have held) error {
	rows := make([]*ending, len(have.ids))
	for i, id := range have.ids {
		rows[i] = w.all[id]
	}
	addresses := col(rows, func(e **ending) string { return (*e).address })
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	batch.Queue(byIndex)
	batch.Queue(gateSuppressions, slices.Repeat([]string{string(message.SMS)}, len(rows)), addresses)
	batch.Queue(gatePoints, col(rows, func(e **ending) int64 { return (*e).point }), col(rows, func(e **ending) int64 { return (*e).person }), addresses)
	batch.Queue("commit")
	return send(ctx, w.pool, batch)
}
