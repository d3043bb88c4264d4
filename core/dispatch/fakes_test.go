package dispatch_test

import (
	"context"
	"testing"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 17, 0, 0, 0, time.UTC) } // noon in New York

// tables answers from what it is told and keeps what it is given.
type tables struct {
	verdicts []store.Verdict // of the next sets, in order; Applied when there is none
	waiting  map[message.Lane][]message.Taken
	records  map[message.ID]message.Record
	facts    map[message.ID]consent.Facts
	applied  []store.Writes
	next     time.Time
	down     error // of Apply
	blind    error // of the gate's facts and of messages
}

func (s *tables) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.down != nil {
		return nil, s.down
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		if len(s.verdicts) > 0 {
			out[i], s.verdicts = s.verdicts[0], s.verdicts[1:]
		}
		s.applied = append(s.applied, w)
		if c := store.Of(w.Message).Claim; c != nil && out[i].Outcome == store.Applied {
			out[i].Claimed = s.claim(*c)
		}
	}
	return out, nil
}

func (s *tables) claim(c store.Claim) []message.Taken {
	n := min(c.Limit, len(s.waiting[c.Lane]))
	taken := s.waiting[c.Lane][:n]
	s.waiting[c.Lane] = s.waiting[c.Lane][n:]
	for i := range taken {
		taken[i].Due.At, taken[i].Due.Owner = c.Lease, c.Owner
		taken[i].Due.Fence++
	}
	return taken
}

func (s *tables) GateFacts(_ context.Context, messages []message.Message) ([]consent.Facts, error) {
	out := make([]consent.Facts, len(messages))
	for i, m := range messages {
		out[i] = s.facts[m.ID]
	}
	return out, s.blind
}

func (s *tables) Messages(_ context.Context, ids []message.ID) ([]message.Record, error) {
	var out []message.Record
	for _, id := range ids {
		if r, ok := s.records[id]; ok {
			out = append(out, r)
		}
	}
	return out, s.blind
}

func (s *tables) NextDue(context.Context, message.Lane) (time.Time, error) { return s.next, s.blind }

// breaker is what it is told to be.
type breaker struct {
	open  time.Time // not ready until then; zero: ready
	slots int
	row   int
	trial time.Time
}

func (b *breaker) Ready(time.Time) (bool, time.Time) { return b.open.IsZero(), b.open }
func (b *breaker) Free() int                         { return b.slots }
func (b *breaker) Row() int                          { return b.row }
func (b *breaker) Trial() time.Time                  { return b.trial }

// steps starts a next step that can be told by its note in the ledger's place: a step row.
type steps struct {
	asked []int16
	why   []string
	err   error
}

func (s *steps) NextStep(_ context.Context, _ time.Time, id contact.ID, fell int16, why string) (store.Writes, error) {
	s.asked, s.why = append(s.asked, fell), append(s.why, why)
	if s.err != nil {
		return store.Writes{}, s.err
	}
	return store.Writes{Contact: &store.ContactWrites{Steps: []plan.Step{{Contact: id, Number: fell + 1}}}}, nil
}

// fixed is one configuration.
type fixed struct{ *config.Snapshot }

func (f fixed) Current() *config.Snapshot { return f.Snapshot }

func snapshot(t *testing.T) fixed {
	t.Helper()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{
			Code: "north", Zone: "America/New_York", Country: "US", Language: "en-US",
			Windows: map[message.Channel]consent.Window{message.SMS: {Opens: "08:00", Closes: "21:00"}, message.Voice: {Opens: "08:00", Closes: "21:00"}},
			Routes:  map[message.Channel]string{message.SMS: "sms", message.Voice: "calls"},
		}},
		Routes: []config.Route{
			{Code: "sms", Number: 1, Channel: message.SMS, Provider: "sns", Attempts: 3, First: plan.Span(4 * time.Second), Longest: plan.Span(10 * time.Second)},
			{Code: "calls", Number: 2, Channel: message.Voice, Provider: "feed", Sender: map[string]string{"vendor": "acme"}},
			{Code: "others", Number: 3, Channel: message.Voice, Provider: "feed", Sender: map[string]string{"vendor": "other"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fixed{cfg}
}

func id(n byte) message.ID { return message.ID{15: n} } // the last byte is the jitter's too

// taken is a claimed text of a plan's first step of two.
func taken(n byte) message.Taken {
	lane := message.NewLane(1, message.Service)
	return message.Taken{
		Message: message.Message{
			ID: id(n), AcceptedAt: noon(), Source: "cis", Division: "north", Channel: message.SMS, Urgency: message.Service, Route: "sms", Lane: lane,
			Origin: message.Origin{Kind: message.FromStep, Contact: 7, Step: 1, Steps: 2}, Receipt: time.Hour, Hold: time.Hour,
		},
		Due: message.Due{Lane: lane, At: noon().Add(time.Minute), Message: id(n), FirstAt: noon().Add(-time.Minute), Fence: 1, Owner: "me", Reason: message.WaitCalled},
		Was: message.WaitNew,
	}
}

func unavailable() error { return fault.New(fault.Unavailable, "away") }
