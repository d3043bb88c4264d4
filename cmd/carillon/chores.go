package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/group"
	"carillon/adapters/kit/pace"
	"carillon/channels/letter"
	"carillon/core/accept"
	"carillon/core/batch"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/dispatch"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/report"
	"carillon/core/store"
)

// The chores by name.
const (
	choreReports   = "reports"
	choreDeadlines = "deadlines"
	choreSealer    = "sealer"
	choreLedger    = "ledger"
	choreLanes     = "lanes"
	choreSums      = "conservation"
	choreConfig    = "configuration"
	choreLetters   = "letters"
	choreFold      = "fold"
	choreUpkeep    = "upkeep"
	chorePurge     = "purge"
	choreRecount   = "recount"
	choreRetire    = "retire"

	choreKeys         = "keys"
	choreCertificates = "certificates"
)

// How often chores look for themselves, when nothing wakes them.
const (
	reportsEvery = 250 * time.Millisecond
	sealEvery    = time.Second
	watchEvery   = 5 * time.Second
	sumsEvery    = 15 * time.Second
	foldEvery    = 10 * time.Minute
	sumsBack     = 48 * time.Hour
)

// again is when a turn wants to come back: at once when there may be more.
func again(now time.Time, more bool) time.Time {
	if more {
		return now
	}
	return time.Time{}
}

// chores gives the ticker its jobs.
func (a *app) chores() {
	a.ticker.Chore(choreReports, reportsEvery, a.worked(a.report.Work))
	a.ticker.Chore(choreDeadlines, sealEvery, a.worked(a.report.Deadlines))
	a.ticker.Chore(choreSealer, sealEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		n, more, err := a.sealer.Seal(ctx, now)
		a.watch.Sealed(n)
		if n > 0 {
			a.ticker.WakeChore("relay")
		}
		return again(now, more), err
	})
	a.ticker.Chore(choreLedger, watchEvery, a.watchLedger)
	a.ticker.Chore(choreLanes, watchEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		states, err := a.store.LaneStates(ctx, now)
		if err == nil {
			a.watch.Lanes(now, states, a.channelOf)
			a.wardens.lanes(a.configs.Current().Routes(), states)
		}
		return time.Time{}, err
	})
	a.ticker.Chore(choreSums, sumsEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		counts, err := a.store.Sums(ctx, now.Add(-sumsBack).Truncate(time.Hour), now.Add(time.Hour))
		if err == nil {
			a.watch.Conservation(batch.Add(counts))
		}
		return time.Time{}, err
	})
	a.ticker.Chore(choreFold, foldEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if ours, err := batch.Take(ctx, a.store, choreFold, now.Truncate(foldEvery), a.dispatch.Owner); err != nil || !ours {
			return time.Time{}, err
		}
		_, err := a.store.Apply(ctx, store.Writes{Folds: []store.Fold{{Before: now.Add(-2 * time.Hour).Truncate(time.Hour)}}})
		return time.Time{}, err
	})
	a.upkeep()
	a.ticker.Chore(choreConfig, watchEvery, func(ctx context.Context, _ time.Time) (time.Time, error) {
		err := a.configs.Refresh(ctx) // another gateway may have configured
		a.strangers()
		return time.Time{}, err
	})
	a.ticker.Chore(choreFleet, pace.Beat, a.fleet.beat)
	a.fleet.paces.schedule(a)
	a.batches()
}

// sealRest seals what was written last, so that a gateway that stops leaves nothing to the next one.
func (a *app) sealRest(ctx context.Context) {
	for more := true; more; {
		var err error
		if _, more, err = a.sealer.Seal(ctx, clock()); err != nil {
			a.log.Warn("the last entries of the ledger wait for the next gateway to seal them", slog.String("error", err.Error()))
			return
		}
	}
}

// watchLedger shows the tree and what waits for the sealer.
func (a *app) watchLedger(ctx context.Context, now time.Time) (time.Time, error) {
	head, err := a.store.Head(ctx)
	if err != nil {
		return time.Time{}, err
	}
	unsealed, err := a.store.Unsealed(ctx)
	if err == nil {
		a.watch.Ledger(now, head, unsealed)
	}
	return time.Time{}, err
}

// strangers tells of routes that were configured after the start: their messages wait until a restart wires them.
func (a *app) strangers() {
	for _, r := range a.configs.Current().Routes() {
		if !a.wired[r.Code] {
			a.wired[r.Code] = true
			a.log.Warn("a route was added: a restart wires it, and its messages wait until then", slog.String("route", r.Code))
		}
	}
}

func (a *app) channelOf(l message.Lane) (message.Channel, bool) {
	r, known := a.configs.Current().RouteOf(l)
	return r.Channel, known
}

// worked makes a turn of one of report's jobs.
func (a *app) worked(job func(context.Context, time.Time) (report.Done, error)) func(context.Context, time.Time) (time.Time, error) {
	return func(ctx context.Context, now time.Time) (time.Time, error) {
		done, err := job(ctx, now)
		a.watch.Reports(done.Applied, done.Unmatched)
		return again(now, done.Full), err
	}
}

// letters is LTRPRT as the API, the schedule and the command line run it: once at a time in this process.
type letters struct {
	mu    sync.Mutex
	job   *batch.Letters
	watch batch.Watch
	later time.Time // an unfinished run is not looked for before
}

func (l *letters) run(ctx context.Context, now time.Time, by string, empty bool) (extract.Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.job.Run(ctx, now, by, empty)
}

// unfinishedEvery is how often an unfinished run is looked for.
const unfinishedEvery = 10 * time.Second

// unfinished takes up a run that a crash or an outage left open.
func (l *letters) unfinished(ctx context.Context, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.later) {
		return nil
	}
	l.later = now.Add(unfinishedEvery)
	if _, err := l.job.Facts.OpenRun(ctx, extract.LTRPRT); err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	_, err := l.job.Run(ctx, now, "resumed", false)
	return err
}

// Start implements batch.Engine.
func (l *letters) Start(ctx context.Context, now time.Time, by string, empty bool) (int64, error) {
	run, err := l.run(ctx, now, by, empty)
	if err == nil && run.Number != 0 {
		l.watch.Committed(extract.LTRPRT, run.Letters, 0)
		l.watch.Ended(control.Run{Batch: extract.LTRPRT, State: control.Complete})
	}
	return run.Number, err
}

// Extracts implements rest.Letters.
func (l *letters) Extracts(ctx context.Context, below int64, limit int) ([]extract.Run, error) {
	return l.job.Facts.RunList(ctx, extract.LTRPRT, below, limit)
}

// freezer is the letter channel's Freeze as LTRPRT asks for it.
type freezer struct{}

// Freeze implements batch.Freezer.
func (freezer) Freeze(r extract.Run, number int64, m message.Message, names []string, postal customer.Postal, now time.Time) (extract.Letter, error) {
	return letter.Freeze(r.Batch, r.Number, number, m, names, postal, now)
}

// gate is dispatch's gate as LTRPRT asks for it.
type gate struct{ a *app }

// Gate implements batch.Gate.
func (g gate) Gate(ctx context.Context, now time.Time, taken []message.Taken) ([]consent.Verdict, error) {
	return dispatch.Gate(ctx, now, g.a.store, g.a.configs.Current(), g.a.settings.allow(), taken)
}

// steps starts what follows, for every verb that tells of a fall. A failure of the moment is given back, so that the
// verb tries again; a lasting one would hold the message up for ever: it is told loudly, and the plan ends.
type steps struct {
	accept *accept.Service
	log    *slog.Logger
}

func (a *app) steps() steps { return steps{accept: a.accept, log: a.log} }

// NextStep implements dispatch.Steps, report.Steps and batch.Steps.
func (s steps) NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error) {
	w, err := s.accept.NextStep(ctx, now, id, fell, why)
	if err == nil || fault.Passing(err) {
		return w, err
	}
	s.log.Error("the next step of a plan could not be started", slog.String("contact", id.String()),
		slog.Int("fell", int(fell)), slog.String("error", err.Error()))
	return store.Writes{}, nil
}

// Reply implements report.Steps.
func (s steps) Reply(ctx context.Context, now time.Time, to message.Message, address customer.Address, template string) (store.Writes, error) {
	w, err := s.accept.Reply(ctx, now, to, address, template)
	if err == nil || fault.Passing(err) {
		return w, err
	}
	s.log.Error("a recipient's text could not be answered", slog.String("template", template), slog.String("error", err.Error()))
	return store.Writes{}, nil
}

// noPress stands where no brokers are set.
type noPress struct{}

// Print implements letter.Press.
func (noPress) Print(_ context.Context, letters []extract.Letter) []error {
	wrong := make([]error, len(letters))
	for i := range wrong {
		wrong[i] = fault.New(fault.Misconfigured, "no Kafka brokers are set")
	}
	return wrong
}

// Close implements letter.Press.
func (noPress) Close(context.Context, extract.Manifest) error {
	return fault.New(fault.Misconfigured, "no Kafka brokers are set")
}

// closed is the breaker of what cannot be reached.
type closed struct{}

// Ready implements batch.Breaker.
func (closed) Ready(now time.Time) (bool, time.Time) { return false, now.Add(time.Minute) }

// merged is the committer as an applier: single write sets of concurrent callers share a transaction.
type merged struct {
	c *group.Committer[store.Writes, store.Verdict]
}

// Apply implements store.Applier for one set at a time.
func (m merged) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	out := make([]store.Verdict, 0, len(sets))
	for _, s := range sets {
		v, err := m.c.Do(ctx, s)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

// waker tells those concerned what was just written: the ticker of lanes with something due, of reports in the inbox and of
// orders of breakers, the keyring of keys that open nothing any more.
type waker struct {
	to   store.Applier
	t    *ticker.Ticker
	keys *keyring
}

// Apply implements store.Applier.
func (w waker) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	verdicts, err := w.to.Apply(ctx, sets...)
	if err != nil {
		return verdicts, err
	}
	for i, v := range verdicts {
		if v.Outcome == store.Applied {
			w.wake(sets[i])
		}
	}
	return verdicts, nil
}

func (w waker) wake(s store.Writes) {
	for _, d := range s.Dues {
		w.t.WakeLane(d.Lane)
	}
	if len(s.Revoked) > 0 {
		w.keys.forget()
	}
	if len(s.Trips) > 0 {
		w.t.WakeChore(choreBreakers)
	}
	for _, p := range s.Pauses {
		if !p.Paused {
			w.t.WakeLane(p.Lane)
		}
	}
	if len(s.Reports) > 0 {
		w.t.WakeChore(choreReports)
	}
	if slices.ContainsFunc(s.BatchRuns, func(r control.Run) bool { return r.State.Open() }) {
		for _, name := range workerNames(batchWorkers) {
			w.t.WakeChore(name)
		}
	}
}
