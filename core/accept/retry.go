package accept

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/todo"
)

// RetryRequest asks for a message that fell to be replaced by a new one of the same step.
type RetryRequest struct {
	Key     string // Idempotency-Key: 1 to 200 characters, unique among retries of the principal's source
	Message message.ID
	Address string           // corrected: a number or an email address; empty: as the contact says now
	Postal  *customer.Postal // corrected, of a letter
}

// hash is the SHA-256 of the request; the key itself is not part of it.
func (r RetryRequest) hash() [32]byte {
	b, err := json.Marshal(struct {
		Message, Address string
		Postal           *customer.Postal
	}{r.Message.String(), r.Address, r.Postal})
	if err != nil { // what came in as JSON goes out as JSON
		return [32]byte{}
	}
	return sha256.Sum256(b)
}

// Retried is what the sender of a retry is told: the same for the first and for every repeated request.
type Retried struct {
	plan.Retry

	Channel  message.Channel
	Replayed bool // the request had been accepted before
}

// Retry replaces a message that fell (failed, suppressed or expired) by a new one of the same step, with the same content,
// to a corrected address. Of a person that is loaded the contact point is corrected first, and read here; an address is
// given for an inline recipient only. Errors: Forbidden; NotFound; Invalid naming the field; Conflict for a message that
// has not fallen, was replaced or belongs to a contact that was cancelled or has expired, and for a key of another request.
func (s *Service) Retry(ctx context.Context, now time.Time, p access.Principal, r RetryRequest) (Retried, error) {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return Retried{}, fault.New(fault.Forbidden, "this key may not retry messages")
	}
	if r.Key == "" || len(r.Key) > maxKey {
		return Retried{}, fault.Refuse(fault.Violation{Field: "header/Idempotency-Key", Reason: "has 1 to 200 characters"})
	}
	rec, err := s.former(ctx, p, r.Message)
	if err != nil {
		return Retried{}, err
	}
	if again, err := s.retriedBefore(ctx, p, r, rec.Message); err != nil || again.Replayed {
		return again, err
	}
	set, answer, err := s.retry(ctx, now, p, r, rec)
	if err != nil {
		return Retried{}, err
	}
	verdicts, err := s.Store.Apply(ctx, set)
	if err != nil {
		return Retried{}, err
	}
	switch v := verdicts[0]; v.Outcome {
	case store.Applied:
		return answer, nil
	case store.Replayed:
		return s.retriedBefore(ctx, p, r, rec.Message)
	default:
		return Retried{}, conflict(v.What)
	}
}

// former reads the message that shall be replaced; fault.NotFound when the principal may not see it.
func (s *Service) former(ctx context.Context, p access.Principal, id message.ID) (message.Record, error) {
	records, err := s.Facts.Messages(ctx, []message.ID{id})
	if err != nil {
		return message.Record{}, err
	}
	if len(records) == 0 || !p.Sees(records[0].Message.Source, records[0].Message.Division) {
		return message.Record{}, fault.New(fault.NotFound, "there is no such message")
	}
	return records[0], nil
}

// retriedBefore answers a request whose key is there; one whose key is not there is not Replayed.
func (s *Service) retriedBefore(ctx context.Context, p access.Principal, r RetryRequest, former message.Message) (Retried, error) {
	key, err := s.Facts.Key(ctx, store.RetryKey, p.Source, r.Key)
	switch {
	case fault.Is(err, fault.NotFound):
		return Retried{}, nil
	case err != nil:
		return Retried{}, err
	case key.Hash != r.hash():
		return Retried{}, conflict(store.LostIntakeKey)
	}
	view, err := s.Facts.Contact(ctx, key.Contact)
	if err != nil {
		return Retried{}, err
	}
	made, known := view.Retry(r.Message)
	if !known {
		return Retried{}, fault.New(fault.Unknown, "contact "+key.Contact.String()+" has a key of a retry and no retry")
	}
	return Retried{Retry: made, Channel: former.Channel, Replayed: true}, nil
}

// retry decides a request that is new.
func (s *Service) retry(ctx context.Context, now time.Time, p access.Principal, r RetryRequest, rec message.Record) (store.Writes, Retried, error) {
	former := rec.Message
	if former.Origin.Kind != message.FromStep {
		return store.Writes{}, Retried{}, fault.New(fault.Conflict, "only a message of a contact's plan can be retried")
	}
	if place := rec.Life().Place; !place.Fallen() {
		return store.Writes{}, Retried{}, fault.New(fault.Conflict, "a message that is "+place.String()+" cannot be retried")
	}
	view, err := s.Facts.Contact(ctx, former.Origin.Contact)
	if err != nil {
		return store.Writes{}, Retried{}, err
	}
	_, replaced := view.Retry(former.ID)
	ends := view.Contact.ExpiresAt
	switch {
	case replaced:
		return store.Writes{}, Retried{}, conflict(store.LostRetry)
	case view.Halted, !ends.IsZero() && !ends.After(now):
		return store.Writes{}, Retried{}, fault.New(fault.Conflict, "the contact was cancelled or has expired")
	}
	to, err := s.corrected(ctx, r, former, view)
	if err != nil {
		return store.Writes{}, Retried{}, err
	}
	m := former
	m.ID, m.AcceptedAt, m.Recipient = s.IDs.Message(now), now, to
	if m.ExpiresAt = former.ExpiryFrom(now); !ends.IsZero() && m.ExpiresAt.After(ends) {
		m.ExpiresAt = ends
	}
	made := plan.Retry{
		Contact: m.Origin.Contact, Step: m.Origin.Step, Number: nextTry(view, m.Origin.Step), Message: m.ID, Former: former.ID, At: now, By: p.Name,
	}
	return s.replacing(m, made, store.IntakeKey{
		Kind: store.RetryKey, Source: p.Source, Division: m.Division, Key: r.Key, Hash: r.hash(), Contact: m.Origin.Contact, At: now,
	}), Retried{Retry: made, Channel: m.Channel}, nil
}

// nextTry numbers the tries of a step; its own message was the first.
func nextTry(view store.ContactView, step int16) int16 {
	last := int16(1)
	for _, r := range view.Retries {
		if r.Step == step {
			last = max(last, r.Number)
		}
	}
	return last + 1
}

// replacing is the write set of a message that replaces another.
func (s *Service) replacing(m message.Message, made plan.Retry, key store.IntakeKey) store.Writes {
	run := starting{s: s, now: made.At}
	run.queue(m)
	out := run.out
	store.In(&out.Intake).Keys, store.In(&out.Message).Messages, store.In(&out.Contact).Retries = []store.IntakeKey{key}, []message.Message{m}, []plan.Retry{made}
	store.In(&out.Message).Undead = []message.ID{made.Former}
	store.In(&out.ToDo).Done = []todo.Completion{todo.Taken(made.Contact, made.At, made.By, "retried")}
	store.In(&out.Ledger).Entries = []ledger.Entry{{
		At: made.At, Kind: ledger.StepStarted, Source: m.Source, Division: m.Division, Contact: made.Contact, Reference: m.Reference,
		Person: m.Recipient.Person, Account: m.Account, Message: m.ID, Channel: m.Channel, Step: made.Step, Reason: "retry", By: made.By,
	}}
	return out
}

// corrected is whom the new message is for: the person's contact point as it is now, or the address that was given.
func (s *Service) corrected(ctx context.Context, r RetryRequest, former message.Message, view store.ContactView) (customer.Recipient, error) {
	given := r.Address != "" || r.Postal != nil
	if view.Contact.Inline == "" {
		if given {
			return customer.Recipient{}, fault.Refuse(fault.Violation{Field: "/address", Reason: "is the person's own: correct the contact point, then retry without an address"})
		}
		return s.pointNow(ctx, former, view)
	}
	to := former.Recipient
	var wrong violations
	letter := former.Channel == message.Letter
	switch {
	case !given && to.Address == "":
		wrong.add("/address", "is required: the message had none")
	case !given:
	case letter != (r.Postal != nil) || letter == (r.Address != ""):
		wrong.add("/address", "is a postal block of a letter, and one line of everything else")
	case letter:
		wrong = append(wrong, r.Postal.Violations("/postal")...)
		to.Address = r.Postal.Address()
	default:
		d, _ := s.Configs.Current().Division(former.Division)
		address, zones, err := s.Channels[former.Channel].Address(r.Address, d.Country)
		if err := wrong.take("/address", err); err != nil {
			return customer.Recipient{}, err
		}
		to.Address, to.Zones = address, s.zonesOf(zones, view)
	}
	return to, wrong.fault()
}

// zonesOf are the zones of a corrected address; where the sender said the recipient is, is still so.
func (s *Service) zonesOf(zones []string, view store.ContactView) []string {
	var in Inline
	if json.Unmarshal([]byte(view.Contact.Inline), &in) == nil && in.Zone != "" && !slices.Contains(zones, in.Zone) {
		zones = append(zones, in.Zone)
	}
	return zones
}

// pointNow reads the person's contact point of the channel anew.
func (s *Service) pointNow(ctx context.Context, former message.Message, view store.ContactView) (customer.Recipient, error) {
	cfg := s.Configs.Current()
	who, err := s.again(ctx, cfg, view.Contact)
	if err != nil {
		return customer.Recipient{}, err
	}
	run := starting{s: s, cfg: cfg, contact: view.Contact, who: who}
	to, reached := run.recipient(former.Channel)
	if !reached {
		return to, fault.Refuse(fault.Violation{Field: "/address", Reason: "is missing: the person has no contact point of this channel that works"})
	}
	return to, nil
}
