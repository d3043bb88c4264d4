// Package dialer pushes calls to a dialer vendor whose API has the shape of Amazon Connect's PutDialRequestBatch.
//
// What it promises: a call is named by its message id as the client token, which the vendor dedupes, so a call may be
// handed over again and gets the same receipt. One request holds the calls of one campaign; where the vendor refuses a
// request as a whole, its calls are handed over one by one, so that a bad one does not take its neighbours along. A
// request that never reached a connection is Unavailable; one that did and whose answer is missing, and a call that the
// answer does not name, are Ambiguous.
//
// What it cannot know: when the call is dialled and how it ends; the vendor posts that.
package dialer

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"carillon/adapters/kit/flight"
	"carillon/adapters/kit/guard"
	"carillon/channels/voice"
	"carillon/core/fault"
	"carillon/core/message"
)

// API is what the adapter needs of HTTP; *http.Client is one.
type API interface {
	Do(r *http.Request) (*http.Response, error)
}

var (
	_ API          = (*http.Client)(nil)
	_ voice.Dialer = (*Dialer)(nil)
)

// The calls of the adapter.
const (
	opDial  = "dial"
	opProbe = "probe"
)

// Ops names the calls the adapter makes, for the guard's configuration.
func Ops() []string { return []string{opDial, opProbe} }

// Dialer hands calls to a vendor. It is safe for use by many goroutines.
type Dialer struct {
	cfg   Config
	api   API
	guard *guard.Guard
}

// New makes a dialer of one route. It fails when cfg is not valid.
func New(cfg Config, api API, g *guard.Guard) (*Dialer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Dialer{cfg: cfg.withDefaults(), api: api, guard: g}, nil
}

// Dial hands calls over. The calls of different campaigns go in different requests; then the fault of a request is
// told of each of its calls, and the batch has one only when no request was answered. Kinds of the batch: Invalid
// (more than [voice.MaxBatch]), Throttled, Misconfigured, Unavailable, Ambiguous, Cancelled (given up; with the guard's
// code not_begun when nothing was handed over). Kinds of a call: Refused, Throttled, Unavailable, Ambiguous.
func (d *Dialer) Dial(ctx context.Context, calls []voice.Call) ([]voice.Answer, error) {
	if len(calls) > voice.MaxBatch {
		return nil, fault.New(fault.Invalid, "dial: more calls than a batch takes")
	}
	answers := make([]voice.Answer, len(calls))
	var failed error
	answered := len(calls) == 0
	for _, g := range d.groups(calls, answers) {
		if g.campaign == "" {
			g.all(answers, fault.New(fault.Misconfigured, "dial: the route has no campaign"))
			failed = answers[g.places[0]].Err
			continue
		}
		if err := d.hand(ctx, g, answers); err != nil {
			g.all(answers, err)
			failed = err
			continue
		}
		answered = true
	}
	if failed != nil && !answered {
		return nil, failed
	}
	return answers, nil
}

// group is the calls of one campaign and their places in the batch.
type group struct {
	campaign string
	places   []int
	requests []request
}

func (g group) all(answers []voice.Answer, err error) {
	for _, i := range g.places {
		answers[i] = voice.Answer{Err: err}
	}
}

// groups sorts calls by campaign; a call that can never be dialled is answered at once.
func (d *Dialer) groups(calls []voice.Call, answers []voice.Answer) []group {
	var groups []group
	at := map[string]int{}
	for i, c := range calls {
		r, err := d.request(c)
		if err != nil {
			answers[i] = voice.Answer{Err: err}
			continue
		}
		campaign := first(c.Sender["campaign"], d.cfg.Campaign)
		n, known := at[campaign]
		if !known {
			n = len(groups)
			at[campaign] = n
			groups = append(groups, group{campaign: campaign})
		}
		groups[n].places = append(groups[n].places, i)
		groups[n].requests = append(groups[n].requests, r)
	}
	return groups
}

// hand hands a group over, one by one where the vendor refuses the whole.
func (d *Dialer) hand(ctx context.Context, g group, answers []voice.Answer) error {
	got, err := d.push(ctx, g)
	if fault.Is(err, fault.Refused) && len(g.places) > 1 {
		for i := range g.places {
			one := group{campaign: g.campaign, places: g.places[i : i+1], requests: g.requests[i : i+1]}
			if err := d.hand(ctx, one, answers); err != nil {
				one.all(answers, err)
			}
		}
		return nil
	}
	if fault.Is(err, fault.Refused) {
		g.all(answers, err)
		return nil
	}
	if err != nil {
		return err
	}
	for n, i := range g.places {
		answers[i] = got[n]
	}
	return nil
}

// push makes one request. When the vendor says of every call that it does not know what is wrong, the vendor is
// what is wrong: that is the fault of the request, and the breaker counts it.
func (d *Dialer) push(ctx context.Context, g group) ([]voice.Answer, error) {
	body, err := json.Marshal(batch{Requests: g.requests})
	if err != nil {
		return nil, fault.Wrap(fault.Refused, "dial: a call cannot be written", err)
	}
	return guard.Do(ctx, d.guard, opDial, func(ctx context.Context) ([]voice.Answer, error) {
		text, err := d.exchange(ctx, http.MethodPut, g.campaign, "dial-requests", body)
		if err != nil {
			return nil, err
		}
		var o outcomes
		if err := json.Unmarshal(text, &o); err != nil {
			return nil, fault.Wrap(fault.Ambiguous, "dial: the answer cannot be read", err)
		}
		got, failing := o.answers(g.requests), 0
		for _, a := range got {
			if fault.Is(a.Err, fault.Unavailable) {
				failing++
			}
		}
		if failing == len(got) {
			return nil, got[0].Err
		}
		return got, nil
	})
}

// Probe asks for the state of the campaign of the configuration, which costs nothing. Kinds: those of [Dialer.Dial].
func (d *Dialer) Probe(ctx context.Context) error {
	if d.cfg.Campaign == "" {
		return nil // nothing to ask about
	}
	return d.guard.Probe(ctx, opProbe, func(ctx context.Context) error {
		_, err := d.exchange(ctx, http.MethodGet, d.cfg.Campaign, "state", nil)
		return err
	})
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// exchange makes one request and returns the body of its answer.
func (d *Dialer) exchange(ctx context.Context, method, campaign, what string, body []byte) ([]byte, error) {
	var f flight.Flight
	at := strings.TrimSuffix(d.cfg.URL, "/") + "/campaigns/" + url.PathEscape(campaign) + "/" + what
	r, err := http.NewRequestWithContext(f.Watch(ctx), method, at, bytes.NewReader(body))
	if err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "dial: the vendor's address is wrong", err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if !d.cfg.Key.Empty() {
		r.Header.Set("Authorization", "Bearer "+d.cfg.Key.Reveal())
	}
	resp, err := d.api.Do(r)
	if err != nil {
		return nil, classify(err, f.Handed())
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost with it
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 != 2 {
		return nil, refused(resp)
	}
	if err != nil {
		return nil, classify(err, true)
	}
	return text, nil
}

// answers tells the outcomes in the order of the requests.
func (o outcomes) answers(requests []request) []voice.Answer {
	taken, failed := map[string]string{}, map[string]string{}
	for _, s := range o.Successful {
		taken[s.Token] = s.ID
	}
	for _, f := range o.Failed {
		failed[f.Token] = f.Code
	}
	got := make([]voice.Answer, len(requests))
	for i, r := range requests {
		id, isTaken := taken[r.Token]
		code, isFailed := failed[r.Token]
		switch {
		case isTaken:
			got[i].Receipt = message.Receipt{Ref: id}
		case isFailed:
			got[i].Err = failure(code)
		default:
			got[i].Err = fault.New(fault.Ambiguous, "dial: the answer does not name the call")
		}
	}
	return got
}
