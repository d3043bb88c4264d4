package dialer

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"carillon/adapters/simulators/book"
)

// leased is a call that Carillon lends.
type leased struct {
	Call        string    `json:"call"`
	Number      string    `json:"number"`
	Script      string    `json:"script"`
	Language    string    `json:"language"`
	ExpiresAt   time.Time `json:"expiresAt"`
	LeasedUntil time.Time `json:"leasedUntil"`
}

// lease asks for calls once and dials what it gets; it returns how many that was.
func (s *Simulator) lease(ctx context.Context) int {
	rule := s.stage.Faults.For(PullCampaign)
	if rule.Down || s.hooked().base == "" || !s.stage.Hold(ctx, rule.Fault) {
		return 0
	}
	want := s.config.PullMax
	if s.config.Lines > 0 {
		want = min(want, s.config.Lines-int(s.lines.Load()))
	}
	if want <= 0 || !rule.Pass(s.stage.Clock(), 0) {
		return 0
	}
	calls := s.ask(ctx, want)
	for _, l := range calls {
		s.borrow(l)
	}
	return len(calls)
}

// ask asks for a lease; it records an answer that is none.
func (s *Simulator) ask(ctx context.Context, want int) []leased {
	status, answer, err := s.call(ctx, "/v1/feeds/calls/lease", map[string]int{
		"max": want, "leaseSeconds": int(s.config.PullLease.Seconds()),
	})
	var body struct {
		Calls []leased `json:"calls"`
	}
	if err == nil && status == http.StatusOK {
		err = json.Unmarshal(answer, &body)
	}
	if err == nil && status/100 == 2 {
		return body.Calls
	}
	if ctx.Err() == nil {
		s.stage.Book.Write(book.Record{Op: "lease", Key: PullCampaign, Outcome: "error", Status: status})
	}
	return nil
}

// borrow dials a leased call once, unless it lets the lease lapse.
func (s *Simulator) borrow(l leased) {
	rule := s.stage.Faults.For(PullCampaign)
	rule.Pass(s.stage.Clock(), 1)
	record := book.Record{
		Op: "lease", Reference: l.Call, Key: PullCampaign, To: []string{l.Number}, Content: l.Script,
		Length: utf8.RuneCountInString(l.Script), Attributes: map[string]string{
			"language": l.Language, "expiresAt": l.ExpiresAt.Format(time.RFC3339),
			"leasedUntil": l.LeasedUntil.Format(time.RFC3339),
		},
	}
	if s.stage.Dice.Chance(rule.LapseLeases) {
		record.Outcome = "lapsed"
		s.stage.Book.Write(record)
		return
	}
	id, repeat := s.calls.Add(l.Call, s.stage.Dice.ID())
	record.ID, record.Outcome = id, "accepted"
	if repeat {
		record.Outcome = "repeat"
		s.stage.Book.Write(record)
		return
	}
	until := l.ExpiresAt
	if until.IsZero() || !l.LeasedUntil.IsZero() && l.LeasedUntil.Before(until) {
		until = l.LeasedUntil
	}
	if until.IsZero() {
		until = s.stage.Clock().Add(s.config.PullLease)
	}
	s.stage.Book.Write(record)
	s.dial(phoneCall{token: l.Call, number: l.Number, campaign: PullCampaign, until: until}, rule.Fault)
}
