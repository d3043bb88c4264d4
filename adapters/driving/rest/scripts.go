package rest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/go-faster/jx"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/event"
	"carillon/core/fault"
	"carillon/core/occurrence"
)

// createContact is the script that creates a customer contact as a callable service.
const createContact = "C1-CreCsCt"

// scriptEvent is the system event that a script raises; empty for one that raises none.
func scriptEvent(code string) occurrence.Kind {
	switch code {
	case "C1-CreateCC":
		return occurrence.KindTask
	case "C1-LECCreCC":
		return occurrence.KindLead
	case "C2M-AdjFrCC":
		return occurrence.KindAdjustment
	case "C1-ExpCardLe":
		return occurrence.KindCard
	}
	return ""
}

// RunScript runs a script of the processes by its code.
func (s *server) RunScript(ctx context.Context, req api.ScriptBody, params api.RunScriptParams) (api.RunScriptRes, error) {
	code := string(params.Code)
	if code == createContact {
		return s.runCreateContact(ctx, req, params)
	}
	e, err := s.eventOf(scriptEvent(code), req, params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	answer, err := s.Events.Raise(ctx, s.cfg.Clock(), caller(ctx), event.Raised{Key: params.IdempotencyKey, Event: e})
	if err != nil {
		return nil, err
	}
	out := &api.ScriptAnswerHeaders{Response: api.ScriptAnswer{Script: code, Made: madeView(answer.Made)}}
	for _, m := range slices.Backward(answer.Made) { // the first of each is the script's own
		if m.Contact != 0 {
			out.Response.Contact = api.NewOptContactID(api.ContactID(m.Contact.String()))
		}
		if m.Task != 0 {
			out.Response.Task = api.NewOptContactTaskID(api.ContactTaskID(m.Task.String()))
		}
	}
	if answer.Replayed {
		out.IdempotencyReplayed = api.NewOptBool(true)
	}
	if !answer.Kept {
		out.Response.Again = api.NewOptBool(true)
	}
	return out, nil
}

// eventOf is the event that a script raises. A task without an object of its own is named by the key.
func (s *server) eventOf(kind occurrence.Kind, req api.ScriptBody, key string) (occurrence.Event, error) {
	own, err := json.Marshal(string(kind))
	if err != nil { // a text always marshals
		return occurrence.Event{}, fault.Wrap(fault.Unknown, "writing a script's event", err)
	}
	fields := make(map[string]jx.Raw, len(req)+2)
	maps.Copy(fields, req)
	if named, there := fields["event"]; there && string(named) != string(own) {
		return occurrence.Event{}, fault.Refuse(fault.Violation{Field: "/event", Reason: "is left out, or " + string(kind)})
	}
	fields["event"] = own
	if _, there := fields["object"]; !there && kind == occurrence.KindTask {
		named, err := json.Marshal(key)
		if err != nil { // a text always marshals
			return occurrence.Event{}, fault.Wrap(fault.Unknown, "writing a script's event", err)
		}
		fields["object"] = named
	}
	body, err := api.ScriptBody(fields).MarshalJSON()
	if err != nil {
		return occurrence.Event{}, fault.Wrap(fault.Unknown, "writing a script's event", err)
	}
	if wrong := s.contract.operation(raiseEvent).wrongBody(body); len(wrong) > 0 {
		return occurrence.Event{}, fault.Refuse(wrong...)
	}
	return occurrence.Read(body)
}

// addContact is the operation whose body C1-CreCsCt takes.
const addContact = "addContact"

// runCreateContact is C1-CreCsCt: the body is a contact with its comments and characteristics, as the desk enters one
// (business object C1-CreateCustomerContact); no user stands behind it.
func (s *server) runCreateContact(ctx context.Context, req api.ScriptBody, params api.RunScriptParams) (api.RunScriptRes, error) {
	body, err := req.MarshalJSON()
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "writing a script's contact", err)
	}
	var in api.DeskContactRequest
	d := jx.DecodeBytes(body)
	if in.Decode(d) != nil || !ended(d) || in.Validate() != nil {
		wrong := s.contract.operation(addContact).wrongBody(body)
		if len(wrong) == 0 {
			wrong = []fault.Violation{{Field: "", Reason: "is not as described"}}
		}
		return nil, fault.Refuse(wrong...)
	}
	request, wrong := deskRequest(&in, params.IdempotencyKey)
	if wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	request.Part.Manual = false
	answer, err := s.Accept.Accept(ctx, s.cfg.Clock(), caller(ctx), request)
	if err != nil {
		return nil, err
	}
	out := &api.ScriptAnswerHeaders{Response: api.ScriptAnswer{
		Script: createContact, Contact: api.NewOptContactID(api.ContactID(answer.Contact.String())),
	}}
	if answer.Replayed {
		out.IdempotencyReplayed = api.NewOptBool(true)
	}
	return out, nil
}
