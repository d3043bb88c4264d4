package rest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/pace"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/dispatch"
	"carillon/core/event"
	"carillon/core/extract"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
	"carillon/core/todo"
)

// Services are the use cases behind the API; all are needed.
type Services struct {
	Keys           Keys
	Accept         Accepter
	Intake         *Intake
	Batches        Batches
	Events         Events
	Contacts       Contacts
	Desk           Desk
	Timelines      Timelines
	Persons        Persons
	Customers      Customers
	Suppressions   Suppressions
	Changes        Changes
	Proofs         Proofs
	Lanes          Lanes
	Calls          Calls
	Letters        Letters
	Runs           Runs
	RunOrders      RunOrders
	DepositReviews DepositReviews
	Configs        Configs
	Versions       Versions
	Snapshots      Snapshots
	Principals     Principals
	Health         Health
	Breakers       Breakers
	Trips          Trips
	Failures       Failures
	ToDos          ToDos
	Retries        Retrier
	Fleet          Fleet
	Holds          Holds
}

func (s Services) check() error {
	var missing []error
	for name, there := range map[string]bool{
		"Events": s.Events != nil,
		"Intake": s.Intake != nil, "Batches": s.Batches != nil,
		"Keys": s.Keys != nil, "Accept": s.Accept != nil, "Contacts": s.Contacts != nil, "Desk": s.Desk != nil, "Timelines": s.Timelines != nil, "Persons": s.Persons != nil, "Customers": s.Customers != nil,
		"Suppressions": s.Suppressions != nil, "Changes": s.Changes != nil, "Proofs": s.Proofs != nil, "Lanes": s.Lanes != nil,
		"Calls": s.Calls != nil, "Letters": s.Letters != nil, "Configs": s.Configs != nil, "Versions": s.Versions != nil,
		"Runs": s.Runs != nil, "RunOrders": s.RunOrders != nil, "DepositReviews": s.DepositReviews != nil,
		"Snapshots":  s.Snapshots != nil,
		"Principals": s.Principals != nil, "Health": s.Health != nil, "Breakers": s.Breakers != nil, "Trips": s.Trips != nil,
		"Fleet": s.Fleet != nil, "Holds": s.Holds != nil,
		"Failures": s.Failures != nil, "Retries": s.Retries != nil, "ToDos": s.ToDos != nil,
	} {
		if !there {
			missing = append(missing, fmt.Errorf("no %s", name))
		}
	}
	return errors.Join(missing...)
}

// Keys finds who asks.
type Keys interface {
	// Principal returns the principal of a key; fault.Unauthorized when there is none or it is revoked.
	Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error)
}

// Accepter takes customer contacts in. Both return fault.Invalid naming every wrong field, fault.Forbidden for a
// division or source that is not the caller's.
type Accepter interface {
	// Accept returns when the contact is durable; fault.Conflict for a key with another request.
	Accept(ctx context.Context, now time.Time, p access.Principal, r accept.Request) (accept.Answer, error)
	// Validate says what Accept would start, and writes nothing.
	Validate(ctx context.Context, now time.Time, p access.Principal, r accept.Request) (accept.Answer, error)
}

// Lots takes customer contacts in many at a time.
type Lots interface {
	// Gather reads what the requests are decided from; fault.Unavailable.
	Gather(ctx context.Context, now time.Time, p access.Principal, requests []accept.Request) (*accept.Lot, error)
	// Mark writes where a batch stands; fault.Conflict when its id is another source's.
	Mark(ctx context.Context, b store.IntakeBatch) error
}

// Batches reads batches of contacts.
type Batches interface {
	// IntakeBatch returns a batch; fault.NotFound for what the caller does not see.
	IntakeBatch(ctx context.Context, p access.Principal, id string) (store.IntakeBatch, error)
	// IntakeBatches lists batches the newest first, from behind the last one on; more is where to go on.
	IntakeBatches(ctx context.Context, p access.Principal, last store.IntakeBatch, limit int) (seen []store.IntakeBatch, more *store.IntakeBatch, err error)
}

// Contacts reads and stops contacts. All return fault.NotFound for what the caller does not see.
type Contacts interface {
	// Contact returns a contact with everything that hangs on it.
	Contact(ctx context.Context, p access.Principal, id contact.ID) (store.ContactView, error)
	// ContactByReference returns the contact that a source posted under its reference.
	ContactByReference(ctx context.Context, p access.Principal, source, reference string) (store.ContactView, error)
	// Message returns a message with its life.
	Message(ctx context.Context, p access.Principal, id message.ID) (message.Record, error)
	// Cancel stops what was not begun; fault.Conflict when a race was lost.
	Cancel(ctx context.Context, now time.Time, p access.Principal, id contact.ID, reason string) (store.ContactView, error)
}

// Desk changes what hangs on contacts. All return fault.NotFound for what the caller does not see, fault.Forbidden for who
// may not, and fault.Invalid naming every wrong field; those that take a revision fault.Conflict for another one.
type Desk interface {
	// ChangeContact changes comments, open switch, method, time, characteristics and tags.
	ChangeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, c contact.Change) (store.ContactView, error)
	// CloseContact turns the open switch off; fault.Conflict when it is not on.
	CloseContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64) (store.ContactView, error)
	// RetypeContact corrects class and type.
	RetypeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, class, code string) (store.ContactView, error)
	// AddLog adds to the log, with or without a reminder.
	AddLog(ctx context.Context, now time.Time, p access.Principal, id contact.ID, n contact.Note) (store.ContactView, error)
	// Named gives account and premise, where they are named by their ten digits, the names their sources have for them.
	Named(ctx context.Context, p access.Principal, division string, of contact.Subject) (contact.Subject, error)
}

// Timelines shows what happened with whom.
type Timelines interface {
	// Timeline returns events, the newest first; next is zero at the end.
	Timeline(ctx context.Context, now time.Time, p access.Principal, q desk.TimelineQuery) (events []contact.Event, next store.Telling, err error)
	// ContactList lists contacts, the newest first; next is 0 at the end.
	ContactList(ctx context.Context, p access.Principal, f desk.ContactFilter, below contact.ID, limit int) (contacts []desk.Listed, next contact.ID, err error)
	// Reminders lists reminders that wait, the earliest first; next is zero at the end. fault.Forbidden.
	Reminders(ctx context.Context, p access.Principal, f desk.ReminderFilter, after contact.ReminderKey, limit int) (reminders []contact.Reminder, next contact.ReminderKey, err error)
}

// Failures are what ended badly or is in doubt, and what people do about it. All return fault.Forbidden for a caller that
// may not, and fault.NotFound for what the caller does not see.
type Failures interface {
	// DeadLetters lists dead letters, newest first; next is nil at the end.
	DeadLetters(ctx context.Context, p access.Principal, f desk.DeadFilter, after message.DeadCursor, limit int) (rows []desk.DeadRow, next *message.DeadCursor, err error)
	// Replay puts dead letters back into their lanes, or says what that would do; bounded.
	Replay(ctx context.Context, now time.Time, p access.Principal, r desk.ReplayRequest) (desk.ReplayAnswer, error)
	// Resolve ends the doubt about a message; fault.Conflict when there is none.
	Resolve(ctx context.Context, now time.Time, p access.Principal, id message.ID, as desk.Resolution, reason string) (message.Record, error)
	// CancelMany stops what has not begun, or says what that would do; bounded.
	CancelMany(ctx context.Context, now time.Time, p access.Principal, c desk.Cancellation) (desk.Cancelled, error)
}

// ToDos is the work that only people can do. All return fault.Forbidden for a caller that may not, and fault.NotFound for
// what the caller does not see.
type ToDos interface {
	// List lists entries; next is 0 at the end.
	List(ctx context.Context, p access.Principal, f desk.ToDoFilter, after todo.ID, limit int) (rows []desk.ToDoRow, next todo.ID, err error)
	// View reads an entry with what is known around it.
	View(ctx context.Context, p access.Principal, id todo.ID) (desk.ToDoView, error)
	// Add opens an entry by hand; fault.Conflict when one is open about the same, fault.Invalid naming fields.
	Add(ctx context.Context, now time.Time, p access.Principal, in desk.NewToDo) (desk.ToDoView, error)
	// Act does something with an entry; fault.Conflict for what the entry cannot do, and for another revision. The view has no
	// id when the caller does not see the entry any more.
	Act(ctx context.Context, now time.Time, p access.Principal, id todo.ID, a desk.ToDoAction) (desk.ToDoView, error)
	// ActMany does the same with many entries, each by itself.
	ActMany(ctx context.Context, now time.Time, p access.Principal, ids []todo.ID, a desk.ToDoAction) ([]desk.ToDoResult, error)
}

// Retrier replaces messages that fell.
type Retrier interface {
	// Retry returns when the new message is durable; fault.Conflict for what cannot be replaced, fault.Invalid for an address.
	Retry(ctx context.Context, now time.Time, p access.Principal, r accept.RetryRequest) (accept.Retried, error)
}

// Persons loads and reads persons.
type Persons interface {
	// LoadPerson writes a person of the caller's source; fault.Conflict for a lower version, fault.Invalid.
	LoadPerson(ctx context.Context, now time.Time, p access.Principal, person customer.Person) (customer.Person, error)
	// Person returns the person a source knows by the id; fault.NotFound.
	Person(ctx context.Context, p access.Principal, source, externalID string) (customer.Person, error)
}

// Customers keeps persons, accounts, premises and service agreements; all of [desk.Customers] that the API shows.
//
// All return fault.NotFound for what the caller does not see, fault.Invalid naming every wrong field, and fault.Conflict
// for a revision that was not the latest.
type Customers interface {
	Loader
	PersonDesk
	AccountDesk
	PremiseDesk
	Finder
}

// Loader takes objects from a CIS.
type Loader interface {
	// Load loads each alone; what is wrong with one stands in its answer.
	Load(ctx context.Context, now time.Time, p access.Principal, items []desk.Load) ([]desk.Loaded, error)
}

// PersonDesk makes, reads and corrects persons.
type PersonDesk interface {
	CreatePerson(ctx context.Context, now time.Time, p access.Principal, in customer.Person) (customer.Person, error)
	PersonByID(ctx context.Context, p access.Principal, id customer.PersonID) (customer.Person, error)
	CorrectPerson(ctx context.Context, now time.Time, p access.Principal, id customer.PersonID, c desk.Correction[customer.Person]) (customer.Person, error)
}

// AccountDesk makes, reads and corrects accounts.
type AccountDesk interface {
	CreateAccount(ctx context.Context, now time.Time, p access.Principal, in customer.Account) (customer.Account, error)
	Account(ctx context.Context, p access.Principal, source, externalID string) (customer.Account, error)
	AccountByID(ctx context.Context, p access.Principal, id customer.AccountID) (customer.Account, error)
	CorrectAccount(ctx context.Context, now time.Time, p access.Principal, id customer.AccountID, c desk.Correction[customer.Account]) (customer.Account, error)
	// Agreements lists the service agreements of an account.
	Agreements(ctx context.Context, p access.Principal, id customer.AccountID) ([]agreement.Agreement, error)
}

// PremiseDesk makes, reads and corrects premises.
type PremiseDesk interface {
	CreatePremise(ctx context.Context, now time.Time, p access.Principal, in customer.Premise) (customer.Premise, error)
	Premise(ctx context.Context, p access.Principal, source, externalID string) (customer.Premise, error)
	PremiseByID(ctx context.Context, p access.Principal, id customer.PremiseID) (customer.Premise, error)
	CorrectPremise(ctx context.Context, now time.Time, p access.Principal, id customer.PremiseID, c desk.Correction[customer.Premise]) (customer.Premise, error)
}

// Finder finds customers, and tells what stands around one.
type Finder interface {
	// Search returns a page and where to go on; nil at the end.
	Search(ctx context.Context, p access.Principal, q desk.SearchQuery) ([]desk.SearchHit, *store.SearchPlace, error)
	// Complete completes a context.
	Complete(ctx context.Context, now time.Time, p access.Principal, known customer.Context) (desk.ContextView, error)
}

// Suppressions says who must not be reached. All return fault.Invalid for an address the channel does not have, and
// fault.Forbidden for a division that is not the caller's.
type Suppressions interface {
	// Suppress puts one; its Origin and Since are the use case's to fill.
	Suppress(ctx context.Context, now time.Time, p access.Principal, s consent.Suppression) error
	// Lift removes those of the channel, address and division.
	Lift(ctx context.Context, now time.Time, p access.Principal, s consent.Suppression) error
	// Suppressions lists those of an address.
	Suppressions(ctx context.Context, p access.Principal, channel message.Channel, address string) ([]consent.Suppression, error)
}

// Events takes system events in.
type Events interface {
	// Raise takes an event in; fault.Invalid, fault.Conflict, fault.Forbidden.
	Raise(ctx context.Context, now time.Time, p access.Principal, r event.Raised) (event.Answer, error)
	// RaiseAll takes events in, each alone.
	RaiseAll(ctx context.Context, now time.Time, p access.Principal, raised []event.Raised) ([]event.Decision, error)
	// Task reads a contact task; fault.NotFound.
	Task(ctx context.Context, p access.Principal, id contact.TaskID) (contact.Task, error)
	// Retry tries one again; fault.Conflict for one that is completed.
	Retry(ctx context.Context, now time.Time, p access.Principal, id contact.TaskID) (contact.Task, error)
}

// Holds keep retention from accounts and persons. All return fault.Forbidden for who may not.
type Holds interface {
	// PutHold puts one; fault.Conflict when the same is in force, fault.Invalid.
	PutHold(ctx context.Context, now time.Time, p access.Principal, h store.Hold) (store.Hold, error)
	// LiftHold ends one; fault.NotFound when it is not in force.
	LiftHold(ctx context.Context, now time.Time, p access.Principal, number int64) error
	// Holds lists those in force, and on demand those that were lifted too.
	Holds(ctx context.Context, p access.Principal, lifted bool) ([]store.Hold, error)
}

// Changes reads what happened.
type Changes interface {
	// Changes returns the entries the caller sees from a leaf number on, and where to go on.
	Changes(ctx context.Context, p access.Principal, from int64, limit int) (leaves []ledger.Leaf, next int64, err error)
}

// Lanes shows and switches lanes.
type Lanes interface {
	// Lanes returns every lane that has rows or a pause.
	Lanes(ctx context.Context, now time.Time, p access.Principal) ([]store.LaneState, error)
	// PauseLane stops a lane; fault.NotFound when no route has it.
	PauseLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error
	// ResumeLane lets it go on; fault.NotFound when no route has it.
	ResumeLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error
}

// Trips holds breakers open, and closes them.
type Trips interface {
	// TripBreaker holds a breaker open on every gateway until somebody resets it.
	TripBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error
	// ResetBreaker closes a breaker on every gateway.
	ResetBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error
}

// Calls is the pull feed of a dialer vendor. All return fault.Forbidden for a key without a feed.
type Calls interface {
	// Lease hands over calls that may be dialled now.
	Lease(ctx context.Context, now time.Time, p access.Principal, limit int, lease time.Duration) ([]dispatch.Leased, error)
	// Extend lengthens leases.
	Extend(ctx context.Context, now time.Time, p access.Principal, ids []message.ID, lease time.Duration) ([]dispatch.Extended, error)
	// Recall returns the calls that must not be dialled any more.
	Recall(ctx context.Context, now time.Time, p access.Principal, ids []message.ID) ([]dispatch.Recalled, error)
	// Results returns when what the vendor says is durable.
	Results(ctx context.Context, now time.Time, p access.Principal, results []dispatch.CallResult) ([]dispatch.Recorded, error)
}

// Letters reads what the letter extract handed over.
type Letters interface {
	// Extracts returns runs of LTRPRT below a number, the newest first.
	Extracts(ctx context.Context, below int64, limit int) ([]extract.Run, error)
}

// Runs starts batches and shows them.
type Runs interface {
	// Batches lists every batch.
	Batches(ctx context.Context, now time.Time, p access.Principal) ([]batch.Card, error)
	// Start asks for a run; fault.Invalid naming every wrong field, fault.Conflict when one is open.
	Start(ctx context.Context, now time.Time, p access.Principal, code string, ask batch.Ask) (control.View, error)
	// Runs lists runs, the newest first, below a number where one is given.
	Runs(ctx context.Context, p access.Principal, code string, below int64, limit int) ([]control.View, error)
	// Run shows a run with its threads and the first of its rows that had an error.
	Run(ctx context.Context, p access.Principal, code string, number int64) (control.View, []control.RowError, error)
}

// RunOrders change runs and schedules.
type RunOrders interface {
	// Restart lets the failed threads of a run go on; fault.Conflict when it has not failed.
	Restart(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Cancel ends a run; fault.Conflict when it has ended.
	Cancel(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Rerun asks for a run again under a new number.
	Rerun(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Pause keeps the schedule from starting a batch, or lets it go on.
	Pause(ctx context.Context, now time.Time, p access.Principal, code string, paused bool, reason string) error
}

// DepositReviews shows what deposit review found.
type DepositReviews interface {
	// Reviews returns reviews behind an account and class; next is nil at the end.
	Reviews(ctx context.Context, p access.Principal, account customer.AccountID, class string, limit int) (seen []agreement.Review, next *agreement.Review, err error)
}

// Configs reads and writes the configuration.
type Configs interface {
	// Config returns the newest version; version 0 and an empty document when none was written.
	Config(ctx context.Context, p access.Principal) (version int64, d config.Document, err error)
	// WriteConfig writes the next version; fault.Conflict when ifVersion is not the newest, fault.Invalid naming every
	// wrong row.
	WriteConfig(ctx context.Context, now time.Time, p access.Principal, d config.Document, ifVersion int64) (version int64, err error)
}

// Snapshots hands out configurations, for the names of routes and the steps of plans.
type Snapshots interface {
	// Current is the newest configuration; never nil.
	Current() *config.Snapshot
	// At is the configuration of a version; fault.NotFound.
	At(ctx context.Context, version int64) (*config.Snapshot, error)
}

// Principals creates and revokes principals.
type Principals interface {
	// CreatePrincipal returns the key, once; fault.Conflict for a name that is taken, fault.Invalid.
	CreatePrincipal(ctx context.Context, now time.Time, p access.Principal, made access.Principal) (key string, err error)
	// RevokePrincipal ends a key; fault.NotFound.
	RevokePrincipal(ctx context.Context, now time.Time, p access.Principal, name string) error
	// PrincipalList lists all principals.
	PrincipalList(ctx context.Context, p access.Principal) ([]access.Principal, error)
}

// Health exercises the store.
type Health interface {
	// Check writes and reads back.
	Check(ctx context.Context) error
}

// Breakers shows the guards of the driven adapters.
type Breakers interface {
	// Breakers are their snapshots.
	Breakers() []guard.Snapshot
}

// Fleet shows the gateways that share the store.
type Fleet interface {
	// Gateways lists those that live, by name, and says which one answers.
	Gateways(ctx context.Context, p access.Principal) (all []store.Gateway, me string, err error)
	// Paces are the limits of providers, as this gateway keeps them.
	Paces() []pace.Snapshot
}
