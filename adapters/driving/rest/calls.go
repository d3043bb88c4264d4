package rest

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-faster/jx"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// LeaseCalls hands over calls that may be dialled now.
func (s *server) LeaseCalls(ctx context.Context, req *api.LeaseRequest) (api.LeaseCallsRes, error) {
	leased, err := s.Calls.Lease(ctx, s.cfg.Clock(), caller(ctx), req.Max, seconds(req.LeaseSeconds))
	if err != nil {
		return nil, err
	}
	out := &api.LeasedCalls{Calls: make([]api.LeasedCall, 0, len(leased))}
	for _, l := range leased {
		call, err := leasedCall(l)
		if err != nil {
			return nil, err
		}
		out.Calls = append(out.Calls, call)
	}
	return out, nil
}

// scriptPart is the part of a voice template that is said.
const scriptPart = "script"

func leasedCall(l dispatch.Leased) (api.LeasedCall, error) {
	m := l.Taken.Message
	content, err := m.Filled()
	if err != nil {
		return api.LeasedCall{}, err
	}
	call := api.LeasedCall{
		Call: api.MessageID(m.ID.String()), Number: m.Recipient.Address.Reveal(), Script: content.Parts[scriptPart],
		Language: text(m.Recipient.Language), Route: m.Route, Urgency: api.Urgency(m.Urgency.String()),
		Opens: maybe(l.Opens), Closes: maybe(l.Closes), ExpiresAt: maybe(l.Taken.Current().ExpiresAt), LeasedUntil: stamp(l.Taken.Due.At),
		Attempts: api.LeasedCallAttempts{Max: l.Attempts, PauseSeconds: int(l.Pause.Seconds())},
	}
	if len(content.Data) == 0 {
		return call, nil
	}
	data := api.Data{}
	for name, value := range content.Data {
		raw, err := json.Marshal(value)
		if err != nil {
			return call, fault.Wrap(fault.Unknown, "writing the data of message "+m.ID.String(), err)
		}
		data[name] = jx.Raw(raw)
	}
	call.Data = api.NewOptData(data)
	return call, nil
}

// PostCallResults takes what became of calls.
func (s *server) PostCallResults(ctx context.Context, req *api.CallResults) (api.PostCallResultsRes, error) {
	results := make([]dispatch.CallResult, 0, len(req.Results))
	for i, r := range req.Results {
		id, err := message.ParseID(string(r.Call))
		if err != nil {
			return nil, fault.Refuse(fault.Violation{Field: "/results/" + strconv.Itoa(i) + "/call", Reason: "is a message id"})
		}
		results = append(results, dispatch.CallResult{
			ID: id, Result: r.Result, Disposition: string(r.Disposition), At: r.At.UTC(),
			Attempts: r.Attempts.Value, Seconds: r.Seconds.Value,
		})
	}
	recorded, err := s.Calls.Results(ctx, s.cfg.Clock(), caller(ctx), results)
	if err != nil {
		return nil, err
	}
	out := &api.CallsRecorded{Results: make([]api.CallsRecordedResultsItem, 0, len(recorded))}
	for _, r := range recorded {
		out.Results = append(out.Results, api.CallsRecordedResultsItem{
			Call: api.MessageID(r.ID.String()), Status: api.CallsRecordedResultsItemStatus(r.Status),
		})
	}
	return out, nil
}

// ExtendCalls lengthens leases.
func (s *server) ExtendCalls(ctx context.Context, req *api.ExtendRequest) (api.ExtendCallsRes, error) {
	ids, err := messageIDs("/calls/", req.Calls)
	if err != nil {
		return nil, err
	}
	extended, err := s.Calls.Extend(ctx, s.cfg.Clock(), caller(ctx), ids, seconds(req.LeaseSeconds))
	if err != nil {
		return nil, err
	}
	out := &api.CallsExtended{Calls: make([]api.CallsExtendedCallsItem, 0, len(extended))}
	for _, e := range extended {
		out.Calls = append(out.Calls, api.CallsExtendedCallsItem{
			Call: api.MessageID(e.ID.String()), LeasedUntil: maybe(e.LeasedUntil), Reason: text(e.Reason),
		})
	}
	return out, nil
}

// RecallCalls names the calls that must not be dialled any more.
func (s *server) RecallCalls(ctx context.Context, req *api.RecallRequest) (api.RecallCallsRes, error) {
	ids, err := messageIDs("/calls/", req.Calls)
	if err != nil {
		return nil, err
	}
	recalled, err := s.Calls.Recall(ctx, s.cfg.Clock(), caller(ctx), ids)
	if err != nil {
		return nil, err
	}
	out := &api.CallsRecalled{Calls: make([]api.CallsRecalledCallsItem, 0, len(recalled))}
	for _, r := range recalled {
		out.Calls = append(out.Calls, api.CallsRecalledCallsItem{Call: api.MessageID(r.ID.String()), Reason: r.Reason})
	}
	return out, nil
}

func messageIDs(field string, in []api.MessageID) ([]message.ID, error) {
	out := make([]message.ID, 0, len(in))
	for i, text := range in {
		id, err := message.ParseID(string(text))
		if err != nil {
			return nil, fault.Refuse(fault.Violation{Field: field + strconv.Itoa(i), Reason: "is a message id"})
		}
		out = append(out, id)
	}
	return out, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
