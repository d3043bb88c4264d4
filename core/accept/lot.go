package accept

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Stretches hands out contact numbers that follow each other.
type Stretches interface {
	Contacts(ctx context.Context, n int) (first contact.ID, err error)
}

// Lots accepts requests that come many at a time, a file or the records of a Kafka partition, by the rules of
// [Service] and with its write sets: each request is accepted or refused alone, and a lot is one [store.Applier.Apply].
type Lots struct {
	Service *Service
	Store   store.Applier // applies a lot as it is: it is large enough to be a transaction
	Facts   store.Many
	Batches Batches
	Numbers Stretches
}

// Decision is what became of one request of a lot: an answer, or an error as of [Service.Accept].
type Decision struct {
	Answer Answer
	Err    error
}

// Lot is requests that are accepted together. Make one with [Lots.Gather], prepare each request, then accept or
// validate the lot.
type Lot struct {
	lots     *Lots
	now      time.Time
	who      access.Principal
	requests []Request
	shared   shared
	first    contact.ID
	ready    []Prepared
	refused  []error // of each request, why it cannot be accepted
}

// shared is what the requests of a lot are decided from, read once: the persons and the configuration.
type shared struct {
	cfg       *config.Snapshot
	persons   map[customer.PersonID]customer.Person
	externals map[string]customer.Person
}

// Gather reads what the requests are decided from and draws their numbers, each in one go. fault.Unavailable.
func (l *Lots) Gather(ctx context.Context, now time.Time, p access.Principal, requests []Request) (*Lot, error) {
	lot := &Lot{
		lots: l, now: now, who: p, requests: slices.Clone(requests), shared: shared{cfg: l.Service.Configs.Current()},
		ready: make([]Prepared, len(requests)), refused: make([]error, len(requests)),
	}
	persons, externals := map[customer.PersonID]bool{}, map[string]bool{}
	for i := range requests {
		if id := requests[i].Person; id != 0 {
			persons[id] = true
		}
		if id := requests[i].External; id != "" {
			externals[id] = true
		}
	}
	byID, err := l.Facts.Persons(ctx, slices.Collect(maps.Keys(persons)))
	if err != nil {
		return nil, err
	}
	byExternal, err := l.Facts.PersonsByExternal(ctx, p.Source, slices.Collect(maps.Keys(externals)))
	if err != nil {
		return nil, err
	}
	lot.shared.persons, lot.shared.externals = make(map[customer.PersonID]customer.Person, len(byID)), make(map[string]customer.Person, len(byExternal))
	for _, one := range byID {
		lot.shared.persons[one.ID] = one
	}
	for _, one := range byExternal {
		lot.shared.externals[one.ExternalID] = one
	}
	lot.first, err = l.Numbers.Contacts(ctx, max(len(requests), 1))
	return lot, err
}

// Prepare decides one request, as [Service.Prepare] does. It reads nothing, so that requests of a lot can be prepared at
// the same time, each once.
func (l *Lot) Prepare(ctx context.Context, i int) {
	one := *l.lots.Service
	one.Facts, one.Configs = l.shared, l.shared
	one.IDs = numbered{IDs: one.IDs, id: l.first + contact.ID(i)}
	l.ready[i], l.refused[i] = one.Prepare(ctx, l.now, l.who, l.requests[i])
}

// Refuse leaves a request out that could not be read whole; a request is refused or prepared. Nothing is looked up under
// its key: what was not read whole is never what was accepted before.
func (l *Lot) Refuse(i int, err error) { l.refused[i], l.requests[i].Key = err, "" }

// Accept takes in what can be accepted and decides every request. Of a batch, the progress is written with it: its
// flush is filled here, but for who sends it and the times. Errors are of the whole lot: fault.Unavailable (nothing was
// stored), fault.Ambiguous (the answer was lost).
func (l *Lot) Accept(ctx context.Context, batch *store.IntakeBatch) ([]Decision, error) {
	out, err := l.known(ctx)
	if err != nil {
		return nil, err
	}
	sets, at := make([]store.Writes, 0, len(out)+1), make([]int, 0, len(out))
	for i := range l.requests {
		if l.refused[i] == nil {
			sets, at = append(sets, l.ready[i].Writes), append(at, i)
		}
	}
	if batch != nil {
		sets = append(sets, l.flush(*batch, out))
	}
	if len(sets) == 0 {
		return out, nil
	}
	verdicts, err := l.lots.Store.Apply(ctx, sets...)
	if err != nil {
		return nil, err
	}
	if v := verdicts[len(verdicts)-1]; batch != nil && v.Outcome == store.Conflict {
		return nil, errNotOurs()
	}
	return out, l.judge(ctx, out, at, verdicts)
}

// judge decides what the store decided: the request at each place, by its verdict.
func (l *Lot) judge(ctx context.Context, out []Decision, at []int, verdicts []store.Verdict) error {
	again := map[int]contact.ID{}
	for n, i := range at {
		switch v := verdicts[n]; v.Outcome {
		case store.Applied:
			out[i].Answer = l.ready[i].Answer
		case store.Replayed:
			again[i] = v.Contact
		default:
			out[i].Err = conflict(v.What)
		}
	}
	if err := l.answerAgain(ctx, out, again); err != nil {
		return err
	}
	l.taken(out)
	return nil
}

// taken finds the requests that are refused today and whose key a request before them in the lot has taken.
func (l *Lot) taken(out []Decision) {
	keys := make(map[string]bool, len(out))
	for i := range out {
		switch key := l.requests[i].Key; {
		case out[i].Err == nil && !out[i].Answer.Replayed: // one that is replayed may be so by its reference
			keys[key] = true
		case fault.Is(out[i].Err, fault.Invalid) && keys[key]:
			out[i].Err = conflict(store.LostIntakeKey)
		}
	}
}

// Validate decides every request as Accept would and writes nothing.
func (l *Lot) Validate(ctx context.Context) ([]Decision, error) {
	for i := range l.requests { // every key is looked up, that of a good request too
		if l.refused[i] == nil {
			l.refused[i] = errGood
		}
	}
	out, err := l.known(ctx)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if errors.Is(out[i].Err, errGood) {
			out[i] = Decision{Answer: l.ready[i].Answer.unwritten()}
		}
	}
	return out, nil
}

// errGood stands for the refusal of a request that is not refused, while its key is looked up.
var errGood = fault.New(fault.Invalid, "nothing is wrong")

// known decides the requests that are refused today: one that was accepted before is answered from then.
func (l *Lot) known(ctx context.Context) ([]Decision, error) {
	out := make([]Decision, len(l.requests))
	var names []string
	for i, err := range l.refused {
		out[i].Err = err
		if key := l.requests[i].Key; fault.Is(err, fault.Invalid) && key != "" {
			names = append(names, key)
		}
	}
	if len(names) == 0 {
		return out, nil
	}
	keys, err := l.lots.Facts.Keys(ctx, store.IdempotencyKey, l.who.Source, names)
	if err != nil {
		return nil, err
	}
	held := make(map[string]store.IntakeKey, len(keys))
	for _, k := range keys {
		held[k.Key] = k
	}
	again := map[int]contact.ID{}
	for i, err := range l.refused {
		k, there := held[l.requests[i].Key]
		switch {
		case !there || !fault.Is(err, fault.Invalid):
		case k.Hash == l.requests[i].Hash():
			again[i] = k.Contact
		default:
			out[i].Err = conflict(store.LostIntakeKey)
		}
	}
	return out, l.answerAgain(ctx, out, again)
}

// answerAgain answers requests, by their place, from the contacts they were accepted as.
func (l *Lot) answerAgain(ctx context.Context, out []Decision, again map[int]contact.ID) error {
	if len(again) == 0 {
		return nil
	}
	ids := slices.Collect(maps.Values(again))
	slices.Sort(ids)
	views, err := l.lots.Facts.ContactViews(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	answers := make(map[contact.ID]Answer, len(views))
	for _, v := range views {
		answers[v.Contact.ID] = answerOf(v)
	}
	for i, id := range again {
		answer, there := answers[id]
		if !there { // its contact is past its keeping, its key is not
			answer = Answer{Contact: id, Replayed: true}
		}
		out[i] = Decision{Answer: answer}
	}
	return nil
}

// flush tells the batch of this lot: what was refused before it came to the store, what the store makes of the rest, and
// which numbers are its own.
func (l *Lot) flush(b store.IntakeBatch, known []Decision) store.Writes {
	for i, err := range l.refused {
		switch {
		case err == nil: // the store counts it
		case known[i].Err == nil:
			b.Lines, b.Replayed = b.Lines+1, b.Replayed+1
		default:
			b.Lines, b.Refused = b.Lines+1, b.Refused+1
		}
	}
	w := store.Writes{Intake: &store.IntakeWrites{Batches: []store.BatchFlush{{IntakeBatch: b, Counted: true}}}}
	if slices.Contains(l.refused, nil) {
		store.In(&w.Intake).Ranges = []store.IntakeRange{{Batch: b.ID, First: l.first, N: int64(len(l.requests))}}
	}
	return w
}

// unwritten is the answer of a request that was only validated.
func (a Answer) unwritten() Answer {
	a.Contact, a.AcceptedAt = 0, time.Time{}
	for i := range a.Messages {
		a.Messages[i].ID = message.ID{}
	}
	return a
}

// numbered gives one request the number that is set aside for it.
type numbered struct {
	IDs

	id contact.ID
}

// Contact implements IDs.
func (n numbered) Contact(context.Context) (contact.ID, error) { return n.id, nil }

// Current implements Configs.
func (s shared) Current() *config.Snapshot { return s.cfg }

// At implements Configs; preparing asks for the current configuration only.
func (s shared) At(context.Context, int64) (*config.Snapshot, error) { return s.cfg, nil }

// Person implements Facts.
func (s shared) Person(_ context.Context, id customer.PersonID) (customer.Person, error) {
	return found(s.persons, id)
}

// PersonByExternal implements Facts.
func (s shared) PersonByExternal(_ context.Context, _, externalID string) (customer.Person, error) {
	return found(s.externals, externalID)
}

func found[K comparable](persons map[K]customer.Person, id K) (customer.Person, error) {
	p, there := persons[id]
	if !there {
		return p, fault.New(fault.NotFound, "there is no such person")
	}
	return p, nil
}

// Contact implements Facts; preparing does not ask for one.
func (shared) Contact(context.Context, contact.ID) (store.ContactView, error) {
	return store.ContactView{}, fault.New(fault.NotFound, "there is no such contact")
}

// Messages implements Facts; preparing does not ask for any.
func (shared) Messages(context.Context, []message.ID) ([]message.Record, error) { return nil, nil }

// Key implements Facts; preparing does not ask for one.
func (shared) Key(context.Context, store.KeyKind, string, string) (store.IntakeKey, error) {
	return store.IntakeKey{}, fault.New(fault.NotFound, "there is no such key")
}
