// Package stage is what every simulator stands on: its clock, its chance, its faults, its book, its queue of things
// to do later, and the way a provider holds, loses or delays an answer.
package stage

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/later"
)

// Stage is what one simulator stands on. All of it is given; none of it may be nil.
type Stage struct {
	// Name is sns, ses, dialer or dms.
	Name string
	// Clock tells the time that is written into answers, reports and records.
	Clock func() time.Time
	// Dice is the simulator's chance.
	Dice *Dice
	// Faults is how it was told to misbehave.
	Faults *faults.Set
	// Book is the record of what it was asked.
	Book *book.Book
	// Later is its queue of reports.
	Later *later.Queue
	// Retry bounds the deliveries of its reports.
	Retry later.Retry
	// Client posts its reports.
	Client *http.Client
	// Profile is its behaviour in good health.
	Profile Profile
	// Log gets a line for what went wrong in the simulator itself, without a person's data.
	Log *slog.Logger
}

// Hold waits as long as a call takes before it is looked at. It reports false when the caller went away meanwhile:
// then the call was not taken.
func (s *Stage) Hold(ctx context.Context, f faults.Fault) bool {
	wait := s.Dice.Within(s.Profile.Latency) + time.Duration(f.DelayMillis)*time.Millisecond
	return Sleep(ctx, wait)
}

// Enter holds a call of a handler. When the caller went away, or the simulator is closing, it ends the handler without
// an answer.
func (s *Stage) Enter(ctx context.Context, f faults.Fault) {
	if !s.Hold(ctx, f) {
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection without an answer
	}
}

// Answer is what becomes of an answer: nothing special, lost or late. It is drawn before the call is recorded, so
// that the record tells it.
type Answer struct {
	lost bool
	late time.Duration
}

// Answer draws what becomes of the answer to a call that was taken.
func (s *Stage) Answer(f faults.Fault) Answer {
	if s.Dice.Chance(f.LoseAnswers) {
		return Answer{lost: true}
	}
	if s.Dice.Chance(f.LateAnswers) {
		return Answer{late: time.Duration(f.LateMillis) * time.Millisecond}
	}
	return Answer{}
}

// String is the word of the record: lost, late or nothing.
func (a Answer) String() string {
	switch {
	case a.lost:
		return "lost"
	case a.late > 0:
		return "late"
	default:
		return ""
	}
}

// Play cuts the connection when the answer is to be lost, which ends the handler, and waits when it is to be late.
func (a Answer) Play(ctx context.Context) {
	if a.lost || !Sleep(ctx, a.late) {
		panic(http.ErrAbortHandler)
	}
}

// Sleep waits and reports whether the context was still alive at the end.
func Sleep(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Down answers as a provider's front door does while the house behind it burns.
func Down(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	const page = "<html><body><b>Http/1.1 Service Unavailable</b></body></html>\n"
	_, _ = w.Write([]byte(page)) // the caller may be gone
}

// Credential reads the access key id and the service out of a Signature Version 4 header; it does not check the
// signature itself.
func Credential(header string) (access, service string, ok bool) {
	rest, found := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !found || !strings.Contains(rest, "SignedHeaders=") || !strings.Contains(rest, "Signature=") {
		return "", "", false
	}
	for field := range strings.SplitSeq(rest, ",") {
		scope, found := strings.CutPrefix(strings.TrimSpace(field), "Credential=")
		if !found {
			continue
		}
		parts := strings.Split(scope, "/") // key / date / region / service / aws4_request
		if len(parts) < 5 || parts[len(parts)-1] != "aws4_request" {
			return "", "", false
		}
		return parts[0], parts[len(parts)-2], true
	}
	return "", "", false
}

// Write answers a request with a body. The caller has set the type of its content, which marshal makes.
func Write(w http.ResponseWriter, request string, status int, marshal func(any) ([]byte, error), body any) {
	text, err := marshal(body)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Amzn-Requestid", request)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller may be gone
}

// E164 reports whether a number has the form of E.164.
func E164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
