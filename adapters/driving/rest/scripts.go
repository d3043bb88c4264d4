package rest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/api/problem"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/sysevent"
)

func (s *server) scriptOperations() []operation {
	return []operation{
		op("runScript", s.runScript),
	}
}

// ScriptAnswer is what a script did.
type ScriptAnswer struct {
	Script  string             `json:"script"`
	Contact string             `json:"contact,omitzero"`
	Task    string             `json:"task,omitzero"`
	Made    []intake.EventMade `json:"made,omitempty"`
	Again   bool               `json:"again,omitzero"`
}

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

// runScript runs a script of the processes by its code.
func (s *server) runScript(ctx context.Context, c call[map[string]jsontext.Value]) (answer[ScriptAnswer], error) {
	code := c.Text("code")
	if code == createContact {
		return s.runCreateContact(ctx, c)
	}
	e, err := s.eventOf(scriptEvent(code), c.body, c.Text("Idempotency-Key"))
	if err != nil {
		return failed[ScriptAnswer](err)
	}
	a, err := s.Events.Raise(ctx, c.now, c.caller, sysevent.Raised{Key: c.Text("Idempotency-Key"), Event: e})
	if err != nil {
		return failed[ScriptAnswer](err)
	}
	out := ScriptAnswer{Script: code, Made: intake.MadeOf(a.Made), Again: !a.Kept}
	for _, m := range slices.Backward(a.Made) { // the first of each is the script's own
		if m.Contact != 0 {
			out.Contact = m.Contact.String()
		}
		if m.Task != 0 {
			out.Task = m.Task.String()
		}
	}
	return ok(out).as(http.StatusAccepted).replayed(a.Replayed), nil
}

// eventOf is the event that a script raises. A task without an object of its own is named by the key.
func (s *server) eventOf(
	kind occurrence.Kind, req map[string]jsontext.Value, key string,
) (e occurrence.Event, err error) {
	fields := maps.Clone(req)
	if fields == nil {
		fields = make(map[string]jsontext.Value)
	}
	own, _ := jsontext.AppendQuote(nil, string(kind)) // our own words are UTF-8
	if named, there := fields["event"]; there && string(named) != string(own) {
		return e, fault.Refuse(fault.Violation{Field: "/event", Reason: "is left out, or " + string(kind)})
	}
	fields["event"] = own
	if _, there := fields["object"]; !there && kind == occurrence.KindTask {
		fields["object"], _ = jsontext.AppendQuote(nil, key) // the contract has it in ASCII
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return e, fault.Wrap(fault.Unknown, "writing a script's event", err)
	}
	if wrong := s.cfg.Contract.Operation(raiseEvent).Body.Wrong(body); len(wrong) > 0 {
		return e, fault.Refuse(wrong...)
	}
	return occurrence.Read(body)
}

// addContact is the operation whose body C1-CreCsCt takes.
const addContact = "addContact"

// runCreateContact is C1-CreCsCt: the body is a contact with its comments and characteristics, as the desk enters one
// (business object C1-CreateCustomerContact); no user stands behind it.
func (s *server) runCreateContact(
	ctx context.Context, c call[map[string]jsontext.Value],
) (answer[ScriptAnswer], error) {
	body, err := json.Marshal(c.body)
	if err != nil {
		return failed[ScriptAnswer](fault.Wrap(fault.Unknown, "writing a script's contact", err))
	}
	in, wrong, err := contract.BodyOf[DeskContactRequest](s.cfg.Contract.Operation(addContact).Body).Decode(body)
	if err != nil {
		return failed[ScriptAnswer](refuse(problem.Malformed()))
	}
	if wrong != nil {
		return failed[ScriptAnswer](fault.Refuse(wrong...))
	}
	request, wrong := deskRequest(&in, c.Text("Idempotency-Key"))
	if wrong != nil {
		return failed[ScriptAnswer](fault.Refuse(wrong...))
	}
	request.Part.Manual = false
	a, err := s.Accept.Accept(ctx, c.now, c.caller, request)
	if err != nil {
		return failed[ScriptAnswer](err)
	}
	out := ScriptAnswer{Script: createContact, Contact: a.Contact.String()}
	return ok(out).as(http.StatusAccepted).replayed(a.Replayed), nil
}
