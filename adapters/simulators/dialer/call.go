package dialer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/stage"
)

// phoneCall is a call that was taken.
type phoneCall struct {
	token    string
	number   string
	campaign string
	until    time.Time
}

// result is what became of a call, as it is posted.
type result struct {
	Call        string `json:"call"`
	Result      string `json:"result"`
	Disposition string `json:"disposition"`
	At          string `json:"at"`
	Attempts    int    `json:"attempts"`
	Seconds     int    `json:"seconds"`
}

// dial lets the phone ring, and then posts the result.
func (s *Simulator) dial(c phoneCall, f faults.Fault) {
	disposition, seconds := s.fate(c, f)
	silent := s.stage.Dice.Fate("silence", c.token) < f.SilenceRate(s.stage.Profile.NoReceipts)
	s.lines.Add(1)
	queued := s.stage.Later.After(s.stage.Dice.Within(s.stage.Profile.Receipts), func(ctx context.Context) {
		s.lines.Add(-1)
		now := s.stage.Clock()
		r := result{
			Call: c.token, Result: stage.UUID("result", c.token, now.Format(time.RFC3339Nano)), Disposition: disposition,
			At: now.UTC().Format(time.RFC3339Nano), Attempts: 1, Seconds: seconds,
		}
		if !now.Before(c.until) {
			r.Disposition, r.Attempts, r.Seconds = "NOT_ATTEMPTED", 0, 0
		}
		if silent {
			s.record(c, r, "silent", 0, 0)
			return
		}
		s.post(ctx, c, r, 0)
	})
	if !queued {
		s.lines.Add(-1)
		s.record(c, result{Call: c.token}, "dropped", 0, 0)
	}
}

// fate is how a call ends and how long it takes.
func (s *Simulator) fate(c phoneCall, f faults.Fault) (disposition string, seconds int) {
	p := s.stage.Profile
	long := 18 + int(40*s.stage.Dice.Fate("seconds", c.token))
	if f.FailReceipts != nil {
		if s.stage.Dice.Fate("fail", c.token) < *f.FailReceipts {
			return firstOf(f.Reason, "NO_ANSWER"), 0
		}
		return "LIVE_RIGHT_PARTY", long
	}
	x := s.stage.Dice.Fate("call", c.token, c.number)
	for _, end := range []struct {
		rate        float64
		disposition string
		seconds     int
	}{
		{p.NoAnswer, "NO_ANSWER", 0},
		{p.Busy, "BUSY", 0},
		{p.Machine * 0.9, "MACHINE_MESSAGE_LEFT", long},
		{p.Machine * 0.1, "MACHINE_NO_MESSAGE", 4},
		{p.Other, "LIVE_OTHER_ADULT", long},
		{p.Wrong, "LIVE_WRONG_PARTY", 9},
		{p.DoNotCall, "DNC_REQUEST", 11},
		{p.Trouble * 0.4, "SIT", 0},
		{p.Trouble * 0.3, "DISCONNECTED", 0},
		{p.Trouble * 0.2, "FAX", 3},
		{p.Trouble * 0.1, "INVALID", 0},
	} {
		if x -= end.rate; x < 0 {
			return end.disposition, end.seconds
		}
	}
	return "LIVE_RIGHT_PARTY", long
}

// post posts a result until it is taken, within the bounds of the retry; its id stays the same.
func (s *Simulator) post(ctx context.Context, c phoneCall, r result, tries int) {
	status, _, err := s.call(ctx, "/v1/feeds/calls/results", map[string][]result{"results": {r}})
	tries++
	if ctx.Err() != nil {
		return
	}
	if err == nil && status/100 == 2 {
		s.record(c, r, "delivered", status, tries)
		return
	}
	wait, again := s.stage.Retry.Wait(tries)
	if again && s.stage.Later.After(wait, func(ctx context.Context) { s.post(ctx, c, r, tries) }) {
		return
	}
	s.stage.Log.Warn("call result given up", slog.String("simulator", s.stage.Name), slog.String("call", r.Call),
		slog.Int("tries", tries), slog.Int("status", status))
	s.record(c, r, "given_up", status, tries)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

// call posts to Carillon.
func (s *Simulator) call(ctx context.Context, path string, body any) (int, []byte, error) {
	h := s.hooked()
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, fmt.Errorf("writing a request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.stage.Retry.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if h.key != "" {
		req.Header.Set("Authorization", "Bearer "+h.key)
	}
	resp, err := s.stage.Client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("posting to %s: %w", path, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost with it
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	return resp.StatusCode, answer, nil
}

func (s *Simulator) record(c phoneCall, r result, outcome string, status, tries int) {
	s.stage.Book.Write(book.Record{
		Op: "result", ID: r.Result, Reference: c.token, Key: c.campaign, To: []string{c.number},
		Content: r.Disposition, Outcome: outcome, Status: status, Attempts: tries,
	})
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
