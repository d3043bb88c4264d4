package gateway

import (
	"context"
	"time"

	"carillon/channels/email"
	"carillon/channels/letter"
	"carillon/channels/sms"
	"carillon/channels/voice"
	"carillon/cmd/internal/chores"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/identifiers"
	"carillon/cmd/internal/keyring"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/batch"
	"carillon/core/desk"
	"carillon/core/desk/administration"
	"carillon/core/desk/counter"
	"carillon/core/desk/customers"
	"carillon/core/desk/worklist"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/occurrence"
	"carillon/core/report"
	"carillon/core/store"
	"carillon/core/sysevent"
	"carillon/core/todo"
)

// channels are the media of the house: a new one is an entry here.
func channels() map[message.Channel]accept.Channel {
	return map[message.Channel]accept.Channel{
		message.SMS: sms.Channel{}, message.Email: email.Channel{}, message.Voice: voice.Channel{},
		message.Letter: letter.Channel{},
	}
}

// waking writes to a store and tells those concerned.
func (a *Gateway) waking(to store.Applier) chores.Waker {
	return chores.Waker{To: to, Ticker: a.ticker, Keys: a.keys}
}

// useCases makes the use cases. What requests wait for shares its transactions with others; what writes many sets at a
// time writes them as they are.
func (a *Gateway) useCases(context.Context) error {
	objects, err := businessObjects()
	if err != nil {
		return err
	}
	a.keys = keyring.New(a.store, clock.Now)
	numbers, many := identifiers.New(a.store), a.waking(a.store)
	a.accept = &accept.Service{
		Store: a.waking(
			merged{a.merged},
		), Facts: a.store, Configs: a.configs, IDs: numbers, Channels: channels(), Renderer: a.forms,
		Logs: numbers, Schemas: objects,
	}
	a.lots = &accept.Lots{Service: a.accept, Store: many, Facts: a.store, Batches: a.store, Numbers: numbers}
	a.dispatch = &dispatch.Service{
		Store: many, Facts: a.store, Configs: a.configs, Steps: a.steps(), Allow: a.settings.AllowList(),
		Owner: "gateway:" + numbers.Message(clock.Now()).String(), Lease: a.settings.Lease,
	}
	a.report = &report.Service{Store: many, Facts: a.store, Configs: a.configs, Steps: a.steps()}
	a.feed = &dispatch.Feed{Dispatch: a.dispatch, Inbox: a.report}
	a.deskCases(numbers)
	return nil
}

// deskCases makes the use cases of the desk.
func (a *Gateway) deskCases(numbers *identifiers.Identifiers) {
	many := a.waking(a.store)
	checkers := make(map[message.Channel]desk.Channel)
	for c, m := range channels() {
		checkers[c] = m
	}
	a.counter = &counter.Service{
		Store: many, Facts: a.store, Gate: a.store, Feed: a.store, Configs: a.configs, IDs: numbers, Channels: checkers,
		Failures: a.store, Batches: a.store, Steps: a.steps(), Texts: sms.Channel{}, Allow: a.settings.AllowList(),
		Files: a.store, Waiting: a.store, Places: a.store, Logs: numbers, Schemas: a.accept.Schemas,
		Timeliners: algorithm.Timeliners(),
	}
	a.admin = &administration.Service{
		Store: many, Facts: a.store, Configs: a.configs, Versions: a.store, Rules: confkeeper.RulesOf(a.forms),
		Random: identifiers.RandomKey,
	}
	a.worklist = &worklist.Service{
		Store: many, Facts: a.store, Configs: a.configs, IDs: numbers, Algorithms: algorithm.ToDos(),
	}
	a.customers = &customers.Service{
		Store: many, Facts: a.store, Finder: a.store, Configs: a.configs, IDs: numbers, Channels: checkers,
		Spots: algorithm.CustomerSpots(), Alerters: algorithm.Alerters(), Alerts: a.store,
	}
}

// batchBook is every batch of the house.
func (a *Gateway) batchBook() batch.Book {
	return batch.NewBook(batch.Parts{
		Facts: a.store, Configs: a.configs, Letters: a.letters, LettersSchedule: a.settings.LettersSchedule, Mails: a.accept,
		Rules:     func() todo.Rules { return todo.Rules{Config: a.configs.Current(), Algorithms: algorithm.ToDos()} },
		Deposits:  batch.DepositAlgorithms{Good: algorithm.GoodCustomers(), Recommend: algorithm.Recommendations()},
		Occasions: occasions{a.events.core},
	})
}

// operate makes what runs batches: the operator, and the workers that share the threads of runs with other gateways.
func (a *Gateway) operate(context.Context) error {
	to, book := a.waking(a.store), a.batchBook()
	a.operator = &batch.Operator{Store: to, Facts: a.store, Configs: a.configs, Book: book, Since: clock.Now()}
	floor := &batch.Floor{
		Store: to, Facts: a.store, Book: book, Watch: a.shifts, Lease: a.settings.Lease, Reports: a.configs.BatchErrorType,
	}
	for _, name := range chores.WorkerNames() {
		a.hands = append(a.hands, &batch.Worker{Floor: floor, Name: a.dispatch.Owner + "/" + name})
	}
	return nil
}

// occasions makes the contacts of what batches find as those of any system event.
type occasions struct{ events *sysevent.Service }

// Occasion implements batch.Occasions.
func (o occasions) Occasion(
	ctx context.Context,
	now time.Time,
	p access.Principal,
	e occurrence.Event,
) (store.Writes, error) {
	ready, err := o.events.Prepare(ctx, now, p, sysevent.Raised{Event: e})
	return ready.Writes, err
}
