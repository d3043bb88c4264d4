package counter

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// replayPage bounds one request; applyPage is how many write sets share a transaction.
const (
	replayPage = 2000
	applyPage  = 250
)

// ReplayRequest asks for dead letters to be put back into their lanes.
type ReplayRequest struct {
	Key            string // names the request: it replays a message once, however often it is asked
	Reason         string // one word
	Filter         DeadFilter
	IDs            []message.ID // instead of the filter
	After          message.DeadCursor
	Limit          int
	DryRun         bool
	IncludeReached bool // also where the contact was reached by another message, or may be
}

// ReplayGroup is what replays are counted by.
type ReplayGroup struct {
	Channel message.Channel
	Route   string
	Reason  string // why the message had ended
}

// ReplayAnswer says what a request did, or would do.
type ReplayAnswer struct {
	Found    int
	Replayed int // of a dry run: would be
	Parts    int // of the texts among them
	Groups   map[ReplayGroup]int
	Passed   map[string]int // passed over, by why: where the message is now, reached, under_way, suppressed, expired, …
	Next     *message.DeadCursor
}

// Texts counts the parts a text is billed as.
type Texts interface {
	Parts(c message.Content) int
}

// Why a dead letter is passed over, beside the place its message is in by now.
const (
	passedReplayed   = "replayed"   // by this very request
	passedRetried    = "retried"    // replaced by another message
	passedHalted     = "cancelled"  // its contact was cancelled
	passedPrinted    = "printed"    // a run has frozen the letter: reprint it, or retry it to another address
	passedNoRoute    = "no_route"   // its route is not configured any more
	passedExpired    = "expired"    // the sender wants nothing begun any more
	passedReached    = "reached"    // another message of the contact has gone to the recipient
	passedUnderWay   = "under_way"  // another message of the contact may still
	passedSuppressed = "suppressed" // suppressed, opted out, no usable contact point, or not on the allow-list
	passedRace       = "lost_race"  // something else moved the message meanwhile
	passedUnknown    = "unknown"    // of ids: there is no such message
)

// Replay puts dead letters back into their lanes under their own ids: nobody who dedupes by them is reached twice. It is
// bounded; go on at Next. Errors: Forbidden; Invalid for a key or reason that is none.
func (s *Service) Replay(ctx context.Context, now time.Time, p access.Principal, r ReplayRequest) (ReplayAnswer, error) {
	if !p.Has(access.Supervisor, access.SRE, access.Admin) {
		return ReplayAnswer{}, fault.New(fault.Forbidden, "this key may not replay messages")
	}
	if r.Reason == "" {
		r.Reason = "replayed"
	}
	if err := r.check(); err != nil {
		return ReplayAnswer{}, err
	}
	answer := ReplayAnswer{Groups: map[ReplayGroup]int{}, Passed: map[string]int{}}
	ids := r.IDs
	if len(ids) == 0 {
		letters, next, err := s.dead(ctx, p, r.Filter, r.After, min(max(r.Limit, 1), replayPage))
		if err != nil {
			return ReplayAnswer{}, err
		}
		answer.Next = next
		for _, d := range letters {
			ids = append(ids, d.Message)
		}
	}
	replays, err := s.replays(ctx, now, p, r, ids, &answer)
	if err != nil || r.DryRun {
		return answer, err
	}
	return answer, s.applyReplays(ctx, replays, &answer)
}

func (r ReplayRequest) check() error {
	var wrong []fault.Violation
	if r.Key == "" || len(r.Key) > 200 {
		wrong = append(wrong, fault.Violation{Field: "header/Idempotency-Key", Reason: "has 1 to 200 characters"})
	}
	if !desk.IsWord(r.Reason) {
		wrong = append(wrong, fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	}
	if len(r.IDs) > replayPage {
		wrong = append(wrong, fault.Violation{Field: "/messages", Reason: "are too many for one request"})
	}
	if wrong != nil {
		return fault.Refuse(wrong...)
	}
	return nil
}

// replay is a message that goes back.
type replay struct {
	set   store.Writes
	group ReplayGroup
	parts int
}

// replays decides every message and counts it.
func (s *Service) replays(ctx context.Context, now time.Time, p access.Principal, r ReplayRequest, ids []message.ID, answer *ReplayAnswer) ([]replay, error) {
	records, err := s.Facts.Messages(ctx, ids)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(rec message.Record) bool { return !p.Sees(rec.Message.Source, rec.Message.Division) })
	answer.Found = len(records)
	if unknown := len(ids) - len(records); unknown > 0 {
		answer.Passed[passedUnknown] = unknown
	}
	views, barred, err := s.facts(ctx, now, records)
	if err != nil {
		return nil, err
	}
	var out []replay
	for i, rec := range records {
		view := views[rec.Message.Origin.Contact]
		why := s.passed(now, r, rec, view)
		if why == "" && barred[i] {
			why = passedSuppressed
		}
		move, err := rec.Life().Replay(message.Observation{At: now, Reason: r.Reason, Provider: p.Name, Ref: r.Key}, now)
		if why == "" && err != nil {
			why = rec.Life().Place.String()
		}
		if why != "" {
			answer.Passed[why]++
			continue
		}
		one := replay{set: store.Replay(rec.Message, move, view.Contact.ExpiresAt), group: groupOf(rec), parts: s.parts(rec.Message)}
		if r.DryRun {
			answer.count(one)
		}
		out = append(out, one)
	}
	return out, nil
}

func (a *ReplayAnswer) count(one replay) {
	a.Replayed++
	a.Parts += one.parts
	a.Groups[one.group]++
}

func groupOf(rec message.Record) ReplayGroup {
	g := ReplayGroup{Channel: rec.Message.Channel, Route: rec.Message.Route}
	for _, e := range rec.Evidence {
		if e.Kind != message.Noted {
			g.Reason = e.Reason
		}
	}
	return g
}

// parts are what a text is billed as; 0 of another channel.
func (s *Service) parts(m message.Message) int {
	if m.Channel != message.SMS {
		return 0
	}
	c, err := m.Filled()
	if err != nil {
		return 0
	}
	return s.Texts.Parts(c)
}

// facts reads the contacts of messages, and which messages the gate would suppress now.
func (s *Service) facts(ctx context.Context, now time.Time, records []message.Record) (map[contact.ID]store.ContactView, []bool, error) {
	ids := make([]contact.ID, len(records))
	messages := make([]message.Message, len(records))
	for i, rec := range records {
		ids[i], messages[i] = rec.Message.Origin.Contact, rec.Message
		messages[i].ExpiresAt = time.Time{} // its time would begin anew
	}
	views, err := s.views(ctx, ids)
	if err != nil || len(messages) == 0 {
		return views, nil, err
	}
	read, err := s.Gate.GateFacts(ctx, messages)
	if err != nil {
		return nil, nil, err
	}
	barred := make([]bool, len(messages))
	for i, m := range messages {
		barred[i] = consent.Gate(now, m, read[i], consent.Rules{Allow: s.Allow}).Suppress != ""
	}
	return views, barred, nil
}

// passed says why a dead letter is not replayed, as far as its own rows and its contact's tell; empty when it is.
func (s *Service) passed(now time.Time, r ReplayRequest, rec message.Record, view store.ContactView) string {
	m := rec.Message
	again := func(e message.Evidence) bool { return e.Kind == message.Replayed && e.Ref == r.Key }
	_, retried := view.Retry(m.ID)
	_, routed := s.Configs.Current().RouteOf(m.Lane)
	ends := view.Contact.ExpiresAt
	switch {
	case slices.ContainsFunc(rec.Evidence, again):
		return passedReplayed
	case !rec.Life().Place.Dead():
		return rec.Life().Place.String()
	case retried:
		return passedRetried
	case view.Halted:
		return passedHalted
	case printed(rec):
		return passedPrinted
	case !routed:
		return passedNoRoute
	case !ends.IsZero() && !ends.After(now):
		return passedExpired
	}
	return passedOther(r, m.ID, view)
}

// passedOther says whether another message of the contact stands in the way.
func passedOther(r ReplayRequest, id message.ID, view store.ContactView) string {
	switch {
	case r.IncludeReached:
		return ""
	case reached(view, id):
		return passedReached
	case another(view, id, message.Pending, message.InDoubt):
		return passedUnderWay
	}
	return ""
}

// printed reports whether a run has frozen the letter: whoever refused it was not us.
func printed(rec message.Record) bool {
	return rec.Message.Channel == message.Letter && slices.ContainsFunc(rec.Evidence, func(e message.Evidence) bool {
		return e.Kind.IsAttempt() && e.Provider != ""
	})
}

func (s *Service) applyReplays(ctx context.Context, replays []replay, answer *ReplayAnswer) error {
	for page := range slices.Chunk(replays, applyPage) {
		sets := make([]store.Writes, len(page))
		for i, one := range page {
			sets[i] = one.set
		}
		verdicts, err := s.Store.Apply(ctx, sets...)
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			if v.Outcome == store.Applied {
				answer.count(page[i])
			} else {
				answer.Passed[passedRace]++
			}
		}
	}
	return nil
}
