package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/batch"
	sysevent "carillon/core/event"
	"carillon/core/extract"
	"carillon/core/occurrence"
	"carillon/core/store"
	"carillon/core/todo"
)

// The chores of batches.
const (
	choreSchedule = "schedule"
	choreBatches  = "batches"
	choreWorker   = "worker-" // with the worker's number
)

// batchWorkers is how many threads a gateway works on at once.
const batchWorkers = 2

// How often the schedule is looked at, and workers look for threads, when nothing wakes them.
const (
	scheduleEvery = time.Second
	workEvery     = 2 * time.Second
)

// workerNames are the names of the chores of workers.
func workerNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = choreWorker + strconv.Itoa(i+1)
	}
	return names
}

// batchCodes are the codes of all batches: what metrics are labelled with.
func batchCodes() []string {
	return []string{extract.LTRPRT, batch.ReminderBatch, batch.FailureBatch, batch.PurgeBatch, batch.DepositBatch, batch.RoutingBatch}
}

// book is every batch this program knows.
func (a *app) book() batch.Book {
	rules := func() todo.Rules { return todo.Rules{Config: a.configs.Current(), Algorithms: algorithm.ToDos()} }
	return batch.Book{
		{Code: extract.LTRPRT, Tells: "Letter extract: hands letters that wait to the document management system.", Engine: a.letters, Schedule: a.settings.LettersSchedule},
		{
			Code: batch.ReminderBatch, Tells: "Makes To Dos of the reminders of contacts whose time has come.", Parameters: batch.ReminderParameters(),
			Job: batch.Of(batch.Reminders{Facts: a.store, Numbers: a.store, Rules: rules}),
		},
		{
			Code: batch.FailureBatch, Tells: "Makes a To Do of every batch that failed, while none is open.",
			Job: batch.Of(batch.Failures{Facts: a.store, Rules: rules}),
		},
		{
			Code: batch.PurgeBatch, Tells: "Takes complete To Do entries away that are kept no longer.", Parameters: batch.PurgeParameters(),
			Job: batch.Of(batch.Purge{Facts: a.store, Configs: a.configs}),
		},
		{
			Code: batch.DepositBatch, Tells: "Reviews the deposits of accounts: lists what is too low, and writes to the customer.", Parameters: batch.DepositParameters(),
			Job: batch.Of(batch.Deposits{
				Facts: a.store, Configs: a.configs, Occasions: occasions{a},
				Algorithms: batch.DepositAlgorithms{Good: algorithm.GoodCustomers(), Recommend: algorithm.Recommendations()},
			}),
		},
		{
			Code: batch.RoutingBatch, Tells: "Tells users of To Dos by email, where their type wants it.",
			Job: batch.Of(batch.Routing{Facts: a.store, Rules: rules, Mails: a.accept}),
		},
	}
}

// reports is the To Do Type of failed batches.
func (a *app) reports() string { return a.configs.Current().Installation().BatchErrorType }

// operate makes what runs batches: the operator, and the workers that share the threads of runs with other gateways.
func (a *app) operate() {
	to := waker{to: a.store, t: a.ticker, keys: a.keys}
	a.operator = &batch.Operator{Store: to, Facts: a.store, Configs: a.configs, Book: a.book(), Since: clock()}
	floor := &batch.Floor{Store: to, Facts: a.store, Book: a.operator.Book, Watch: a.shifts, Lease: a.settings.Lease, Reports: a.reports}
	for _, name := range workerNames(batchWorkers) {
		a.hands = append(a.hands, &batch.Worker{Floor: floor, Name: a.dispatch.Owner + "/" + name})
	}
}

// batches gives the ticker what batches do on the clock.
func (a *app) batches() {
	for i, name := range workerNames(batchWorkers) {
		hand := a.hands[i]
		a.ticker.Chore(name, workEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
			more, err := hand.Turn(ctx, now)
			return again(now, more), err
		})
	}
	a.ticker.Chore(choreSchedule, scheduleEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		return time.Time{}, a.operator.Tick(ctx, now, a.dispatch.Owner, false)
	})
	a.ticker.Chore(choreLetters, sealEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if err := a.operator.Tick(ctx, now, a.dispatch.Owner, true); err != nil {
			return time.Time{}, err
		}
		return time.Time{}, a.letters.unfinished(ctx, now)
	})
	a.ticker.Chore(choreBatches, watchEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		cards, err := a.operator.Cards(ctx, now)
		if err != nil {
			return time.Time{}, err
		}
		open, err := a.store.OpenBatchRuns(ctx)
		if err == nil {
			a.shifts.Show(now, cards, open)
		}
		return time.Time{}, err
	})
}

// releaseThreads gives up what workers hold, so that other gateways go on with it at once.
func (a *app) releaseThreads(ctx context.Context) {
	for _, hand := range a.hands {
		if err := hand.Release(ctx, clock()); err != nil {
			a.log.Warn("a thread of a batch waits for its lease to run out", slog.String("error", err.Error()))
		}
	}
}

// occasions makes the contacts of what batches find as those of any system event.
type occasions struct{ a *app }

// Occasion implements batch.Occasions.
func (o occasions) Occasion(ctx context.Context, now time.Time, p access.Principal, e occurrence.Event) (store.Writes, error) {
	ready, err := o.a.events.core.Prepare(ctx, now, p, sysevent.Raised{Event: e})
	return ready.Writes, err
}
