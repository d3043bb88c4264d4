package rest

import (
	"context"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

func (s *server) callOperations() []operation {
	return []operation{
		op("leaseCalls", s.leaseCalls),
		op("postCallResults", s.postCallResults),
		op("extendCalls", s.extendCalls),
		op("recallCalls", s.recallCalls),
	}
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

// LeaseRequest asks for calls.
type LeaseRequest struct {
	Max          int `json:"max"`
	LeaseSeconds int `json:"leaseSeconds"`
}

// LeasedCalls are the calls that a vendor may dial.
type LeasedCalls struct {
	Calls []LeasedCall `json:"calls"`
}

// LeasedCall is a call that may be dialled now.
type LeasedCall struct {
	Call        string             `json:"call"`
	Number      string             `json:"number"`
	Script      string             `json:"script"`
	Language    string             `json:"language,omitzero"`
	Data        jsontext.Value     `json:"data,omitzero"`
	Route       string             `json:"route"`
	Urgency     string             `json:"urgency"`
	Opens       contract.Moment    `json:"opens,omitzero"`
	Closes      contract.Moment    `json:"closes,omitzero"`
	ExpiresAt   contract.Moment    `json:"expiresAt,omitzero"`
	LeasedUntil contract.Moment    `json:"leasedUntil"`
	Attempts    LeasedCallAttempts `json:"attempts"`
}

// LeasedCallAttempts is the rules of attempt.
type LeasedCallAttempts struct {
	Max          int `json:"max"`
	PauseSeconds int `json:"pauseSeconds"`
}

// CallResults tells what became of calls.
type CallResults struct {
	Results []CallResult `json:"results"`
}

// CallResult is what became of one call.
type CallResult struct {
	Call        string    `json:"call"`
	Result      string    `json:"result"`
	Disposition string    `json:"disposition"`
	At          time.Time `json:"at"`
	Attempts    int       `json:"attempts,omitzero"`
	Seconds     int       `json:"seconds,omitzero"`
}

// CallsRecorded says what was made of each result.
type CallsRecorded struct {
	Results []CallsRecordedResult `json:"results"`
}

// CallsRecordedResult is what was made of one result.
type CallsRecordedResult struct {
	Call   string `json:"call"`
	Status string `json:"status"`
}

// ExtendRequest asks for more time.
type ExtendRequest struct {
	Calls        []string `json:"calls"`
	LeaseSeconds int      `json:"leaseSeconds"`
}

// CallsExtended says until when each call is leased now.
type CallsExtended struct {
	Calls []CallsExtendedCall `json:"calls"`
}

// CallsExtendedCall is until when one call is leased, or why no more.
type CallsExtendedCall struct {
	Call        string          `json:"call"`
	LeasedUntil contract.Moment `json:"leasedUntil,omitzero"`
	Reason      string          `json:"reason,omitzero"`
}

// RecallRequest asks which calls must not be dialled any more.
type RecallRequest struct {
	Calls []string `json:"calls"`
}

// CallsRecalled names the calls that must not be dialled any more.
type CallsRecalled struct {
	Calls []CallsRecalledCall `json:"calls"`
}

// CallsRecalledCall is one such call, and why.
type CallsRecalledCall struct {
	Call   string `json:"call"`
	Reason string `json:"reason"`
}

// leaseCalls hands over calls that may be dialled now.
func (s *server) leaseCalls(ctx context.Context, c call[LeaseRequest]) (answer[LeasedCalls], error) {
	leased, err := s.Calls.Lease(ctx, c.now, c.caller, c.body.Max, seconds(c.body.LeaseSeconds))
	if err != nil {
		return failed[LeasedCalls](err)
	}
	out := LeasedCalls{Calls: make([]LeasedCall, 0, len(leased))}
	for _, l := range leased {
		call, err := leasedCall(l)
		if err != nil {
			return failed[LeasedCalls](err)
		}
		out.Calls = append(out.Calls, call)
	}
	return ok(out), nil
}

// scriptPart is the part of a voice template that is said.
const scriptPart = "script"

func leasedCall(l dispatch.Leased) (LeasedCall, error) {
	m := l.Taken.Message
	content, err := m.Filled()
	if err != nil {
		return LeasedCall{}, err
	}
	call := LeasedCall{
		Call: m.ID.String(), Number: m.Recipient.Address.Reveal(), Script: content.Parts[scriptPart],
		Language: m.Recipient.Language, Route: m.Route, Urgency: m.Urgency.String(),
		Opens: contract.Moment(l.Opens), Closes: contract.Moment(l.Closes),
		ExpiresAt: contract.Moment(l.Taken.Current().ExpiresAt), LeasedUntil: contract.Moment(l.Taken.Due.At),
		Attempts: LeasedCallAttempts{Max: l.Attempts, PauseSeconds: int(l.Pause.Seconds())},
	}
	if len(content.Data) == 0 {
		return call, nil
	}
	call.Data, err = freeJSON(content.Data)
	return call, err
}

// postCallResults takes what became of calls.
func (s *server) postCallResults(ctx context.Context, c call[CallResults]) (answer[CallsRecorded], error) {
	results := make([]dispatch.CallResult, 0, len(c.body.Results))
	for i, r := range c.body.Results {
		id, err := message.ParseID(r.Call)
		if err != nil {
			at := "/results/" + strconv.Itoa(i) + "/call"
			return failed[CallsRecorded](fault.Refuse(fault.Violation{Field: at, Reason: "is a message id"}))
		}
		results = append(results, dispatch.CallResult{
			ID: id, Result: r.Result, Disposition: r.Disposition, At: r.At.UTC(),
			Attempts: r.Attempts, Seconds: r.Seconds,
		})
	}
	recorded, err := s.Calls.Results(ctx, c.now, c.caller, results)
	if err != nil {
		return failed[CallsRecorded](err)
	}
	out := CallsRecorded{Results: make([]CallsRecordedResult, 0, len(recorded))}
	for _, r := range recorded {
		out.Results = append(out.Results, CallsRecordedResult{
			Call: r.ID.String(), Status: r.Status,
		})
	}
	return ok(out), nil
}

// extendCalls lengthens leases.
func (s *server) extendCalls(ctx context.Context, c call[ExtendRequest]) (answer[CallsExtended], error) {
	ids, err := messageIDs("/calls/", c.body.Calls)
	if err != nil {
		return failed[CallsExtended](err)
	}
	extended, err := s.Calls.Extend(ctx, c.now, c.caller, ids, seconds(c.body.LeaseSeconds))
	if err != nil {
		return failed[CallsExtended](err)
	}
	out := CallsExtended{Calls: make([]CallsExtendedCall, 0, len(extended))}
	for _, e := range extended {
		out.Calls = append(out.Calls, CallsExtendedCall{
			Call: e.ID.String(), LeasedUntil: contract.Moment(e.LeasedUntil), Reason: e.Reason,
		})
	}
	return ok(out), nil
}

// recallCalls names the calls that must not be dialled any more.
func (s *server) recallCalls(ctx context.Context, c call[RecallRequest]) (answer[CallsRecalled], error) {
	ids, err := messageIDs("/calls/", c.body.Calls)
	if err != nil {
		return failed[CallsRecalled](err)
	}
	recalled, err := s.Calls.Recall(ctx, c.now, c.caller, ids)
	if err != nil {
		return failed[CallsRecalled](err)
	}
	out := CallsRecalled{Calls: make([]CallsRecalledCall, 0, len(recalled))}
	for _, r := range recalled {
		out.Calls = append(out.Calls, CallsRecalledCall{Call: r.ID.String(), Reason: r.Reason})
	}
	return ok(out), nil
}

func messageIDs(field string, in []string) ([]message.ID, error) {
	out := make([]message.ID, 0, len(in))
	for i, text := range in {
		id, err := message.ParseID(text)
		if err != nil {
			return nil, fault.Refuse(fault.Violation{Field: field + strconv.Itoa(i), Reason: "is a message id"})
		}
		out = append(out, id)
	}
	return out, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
