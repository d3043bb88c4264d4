package rest_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/rest"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/pace"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/desk/counter"
	"carillon/core/desk/worklist"
	"carillon/core/dispatch"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

func now() time.Time { return time.Date(2026, 3, 2, 15, 4, 5, 123456000, time.UTC) }

func messageID(n byte) message.ID {
	id, err := message.ParseID("0198f3a0-1c00-7000-8000-000000000000")
	if err != nil {
		panic(err)
	}
	id[15] = n
	return id
}

// house is every use case behind the API, answering from made-up facts. What it was asked is kept.
type house struct {
	counterDesk

	due    bool  // what waits is due, in a lane that its pace holds back
	fail   error // every use case fails with it
	panics any   // every use case panics with it

	principal    access.Principal
	desk         any // what the desk was asked for
	accepted     accept.Request
	person       customer.Person
	suppression  consent.Suppression
	lane         message.Lane
	reason       string
	ordered      string
	document     config.Document
	created      access.Principal
	results      []dispatch.CallResult
	ids          []message.ID
	lease        time.Duration
	from         int64
	limit        int
	address      string
	source       string
	unreachable  bool
	unsigned     bool
	acceptCalled int
	dead         counter.DeadFilter
	after        message.DeadCursor
	replay       counter.ReplayRequest
	resolution   counter.Resolution
	cancellation counter.Cancellation
	todos        worklist.Filter
	todo         worklist.NewToDo
	action       worklist.Action
	actedOn      []todo.ID
	retry        accept.RetryRequest
	validated    accept.Request
	invalid      []fault.Violation  // what Validate finds wrong
	why          message.WaitReason // of the message that waits; a retry when empty
	shop         *shop
	configGone   bool // the versions that contacts were accepted under are not there any more
}

func (h *house) asked(p access.Principal) error {
	if h.panics != nil {
		panic(h.panics)
	}
	h.principal = p
	return h.fail
}

// key is the key of a role; holder is who has it.
func key(r access.Role) string { return "crl_" + string(r) }

func (h *house) Principal(_ context.Context, hash access.KeyHash) (access.Principal, error) {
	for _, r := range access.Roles() {
		if hash == access.HashKey(key(r)) {
			return access.Principal{Hash: hash, Name: string(r) + "-west", Source: "CIS-W", Divisions: []string{"WEST"}, Roles: []access.Role{r}}, nil
		}
	}
	if hash == access.HashKey("crl_down") {
		return access.Principal{}, fault.New(fault.Unavailable, "the store is not reached")
	}
	return access.Principal{}, fault.New(fault.Unauthorized, "the key is not known")
}

func (h *house) Accept(_ context.Context, at time.Time, p access.Principal, r accept.Request) (accept.Answer, error) {
	h.accepted = r
	h.acceptCalled++
	if err := h.asked(p); err != nil {
		return accept.Answer{}, err
	}
	switch r.Key {
	case "conflict":
		return accept.Answer{}, fault.New(fault.Conflict, "the Idempotency-Key belongs to another request")
	case "throttled":
		return accept.Answer{}, &fault.Error{Kind: fault.Throttled, Text: "too many contacts", Wait: 1500 * time.Millisecond}
	case "unavailable":
		return accept.Answer{}, fault.New(fault.Unavailable, "the store is not reached")
	case "refused":
		return accept.Answer{}, fault.Refuse(fault.Violation{Field: "/type", Reason: "is no contact type"},
			fault.Violation{Field: "/data/amount", Reason: "is required by the template"})
	}
	return accept.Answer{
		Contact: 1000000417, Reference: r.Reference, AcceptedAt: at, Replayed: r.Key == "replayed",
		Messages: []accept.Started{{ID: messageID(1), Step: 1, Channel: message.SMS}},
	}, nil
}

func (h *house) Validate(_ context.Context, _ time.Time, p access.Principal, r accept.Request) (accept.Answer, error) {
	h.validated = r
	if h.invalid != nil {
		return accept.Answer{}, fault.Refuse(h.invalid...)
	}
	return accept.Answer{Messages: []accept.Started{{Step: 1, Channel: message.SMS, Suppressed: "no_contact_point"}}}, h.asked(p)
}

func (h *house) Contact(_ context.Context, p access.Principal, id contact.ID) (store.ContactView, error) {
	if err := h.asked(p); err != nil {
		return store.ContactView{}, err
	}
	if id == 1000000418 {
		v := view()
		v.Messages = []message.Record{h.waiting()}
		return v, nil
	}
	if id != 1000000417 {
		return store.ContactView{}, fault.New(fault.NotFound, "there is no such contact")
	}
	return view(), nil
}

func (h *house) ContactByReference(_ context.Context, p access.Principal, source, _ string) (store.ContactView, error) {
	h.source = source
	return view(), h.asked(p)
}

func (h *house) Message(_ context.Context, p access.Principal, id message.ID) (message.Record, error) {
	if id == messageID(2) {
		return h.waiting(), h.asked(p)
	}
	return view().Messages[0], h.asked(p)
}

func (h *house) Cancel(_ context.Context, _ time.Time, p access.Principal, _ contact.ID, reason string) (store.ContactView, error) {
	h.reason = reason
	return view(), h.asked(p)
}

func view() store.ContactView {
	at := now()
	m := text(1)
	return store.ContactView{
		Contact: contact.Contact{
			ID: 1000000417, Source: "CIS-W", Division: "WEST", Reference: "CIS-2026-000417", Class: "CREDIT", Type: "DISC-WARN",
			Person: 1000000042, Account: "4000000001", Premise: "5000000001", Data: `{"amount":129.50}`, Config: 3,
			AcceptedAt: at, By: "cis-west",
		},
		Plan:  plan.Plan{Contact: 1000000417, Steps: 2},
		Steps: []plan.Step{{Contact: 1000000417, Number: 1, Message: m.ID, StartedAt: at, Why: "accepted"}},
		Messages: []message.Record{{Message: m, Evidence: []message.Evidence{
			{Message: m.ID, Seq: 1, At: at.Add(time.Second), Kind: message.Retried, Attempt: 1, Reason: "unavailable", Code: "ServiceUnavailable", Provider: "sns", Took: 3 * time.Second},
			{Message: m.ID, Seq: 2, At: at.Add(9 * time.Second), Kind: message.Sent, Attempt: 2, Provider: "sns", Ref: "sns-77", Took: 80 * time.Millisecond},
			{Message: m.ID, Seq: 3, At: at.Add(12 * time.Second), Kind: message.Delivered, Reason: "accepted_by_carrier", Code: "SUCCESS", Provider: "sns", Ref: "sns-77"},
		}}},
	}
}

func text(n byte) message.Message {
	return message.Message{
		ID: messageID(n), AcceptedAt: now(), Source: "CIS-W", Division: "WEST",
		Origin:  message.Origin{Kind: message.FromStep, Contact: 1000000417, Step: 1, Steps: 2},
		Channel: message.SMS, Urgency: message.Regulatory, Route: "texts", Lane: message.NewLane(2, message.Regulatory),
		Recipient: customer.Recipient{Person: 1000000042, Name: "Ada Example", Language: "en-US", Address: "+13125550142", Zones: []string{"America/Chicago"}},
		Account:   "4000000001", Reference: "CIS-2026-000417", Template: "DISC-SMS", Config: 3, Content: `{"parts":{"text":"…"}}`,
		ExpiresAt: now().Add(24 * time.Hour),
	}
}

func (h *house) waiting() message.Record {
	m, why := text(2), h.why
	if why == "" {
		why = message.WaitRetry
	}
	at := now().Add(time.Minute)
	if h.due {
		m.Urgency, at = message.Service, now()
	}
	return message.Record{Message: m, Pause: "the provider asked us to wait", Due: &message.Due{
		Lane: m.Lane, At: at, Message: m.ID, FirstAt: now(), Reason: why, Attempt: 1, Seq: 1,
	}, Evidence: []message.Evidence{
		{Message: m.ID, Seq: 1, At: now().Add(time.Second), Kind: message.Retried, Attempt: 1, Reason: "unavailable", Provider: "sns"},
	}}
}

func (h *house) LoadPerson(_ context.Context, at time.Time, p access.Principal, person customer.Person) (customer.Person, error) {
	h.person = person
	if err := h.asked(p); err != nil {
		return customer.Person{}, err
	}
	if person.Version < 7 {
		return customer.Person{}, fault.New(fault.Conflict, "a newer version of this person is here")
	}
	person.ID, person.UpdatedAt, person.Points = 1000000042, at, slices.Clone(person.Points)
	for i := range person.Points {
		person.Points[i].ID, person.Points[i].Origin = customer.PointID(i+1), customer.FromCIS
	}
	person.Points[0].Value = "+13125550142"
	return person, nil
}

func (h *house) Person(_ context.Context, p access.Principal, source, externalID string) (customer.Person, error) {
	h.source = source
	return customer.Person{
		ID: 1000000042, Source: source, ExternalID: externalID, Division: "WEST", Version: 7,
		Names: []customer.Name{{Type: customer.Primary, Text: "Ada Example"}}, UpdatedAt: now(),
		Points: []customer.Point{{
			ID: 9, Kind: customer.Email, Value: "ada@example.com", Capabilities: []customer.Capability{customer.CanEmail},
			Origin: customer.FromCarillon, UndeliverableSince: now().Add(-time.Hour),
		}},
	}, h.asked(p)
}

func (h *house) Suppress(_ context.Context, _ time.Time, p access.Principal, s consent.Suppression) error {
	h.suppression = s
	return h.asked(p)
}

func (h *house) Lift(_ context.Context, _ time.Time, p access.Principal, s consent.Suppression) error {
	h.suppression = s
	return h.asked(p)
}

func (h *house) Suppressions(_ context.Context, p access.Principal, channel message.Channel, address string) ([]consent.Suppression, error) {
	h.address = address
	return []consent.Suppression{{Channel: channel, Address: "+13125550142", Reason: "stop_received", Origin: "sns", Since: now()}}, h.asked(p)
}

func (h *house) Changes(_ context.Context, p access.Principal, from int64, limit int) ([]ledger.Leaf, int64, error) {
	h.from, h.limit = from, limit
	entry := ledger.Entry{
		At: now(), Kind: ledger.MessageMoved, Source: "CIS-W", Division: "WEST", Contact: 1000000417, Message: messageID(1),
		Channel: message.SMS, Place: message.AtDelivered, Step: 1, By: "sns",
	}
	return []ledger.Leaf{{Number: 41, Source: "CIS-W", Division: "WEST", Body: entry.Canonical()}}, 42, h.asked(p)
}

func (h *house) Lanes(_ context.Context, at time.Time, p access.Principal) ([]store.LaneState, error) {
	return []store.LaneState{
		{Lane: message.NewLane(2, message.Regulatory), Queued: 10_000, Claimed: 16, AtLeast: true, OldestDue: at.Add(-time.Minute)},
		{Lane: message.NewLane(2, message.Service), Queued: 4, Pause: store.LanePause{Paused: true, Reason: "quota", Until: at.Add(time.Hour), By: "dispatch"}},
		{Lane: message.NewLane(99, message.Bulk), Queued: 1},
	}, h.asked(p)
}

func (h *house) Gateways(_ context.Context, p access.Principal) ([]store.Gateway, string, error) {
	return []store.Gateway{
		{Name: "gateway:one", Host: "node-1", Version: "1.4.0", Since: now().Add(-time.Hour), SeenAt: now()},
		{Name: "gateway:two", Host: "node-2", Version: "1.4.0", Since: now().Add(-time.Minute), SeenAt: now().Add(-time.Second)},
	}, "gateway:two", h.asked(p)
}

func (h *house) Paces() []pace.Snapshot {
	held := [pace.Lanes]time.Time{message.Service: now().Add(100 * time.Millisecond)}
	return []pace.Snapshot{
		{Name: "texts", Routes: []string{"texts"}, Limit: 100, Rate: 25, Throttled: 3, Left: math.NaN(), Held: held},
		{Name: "account:ses", Routes: []string{"mails", "notices"}, Rate: math.Inf(1), Left: 41_250},
	}
}

func (h *house) PauseLane(_ context.Context, _ time.Time, p access.Principal, lane message.Lane, reason string) error {
	h.lane, h.reason = lane, reason
	return h.asked(p)
}

func (h *house) ResumeLane(_ context.Context, _ time.Time, p access.Principal, lane message.Lane, reason string) error {
	h.lane, h.reason = lane, reason
	return h.asked(p)
}

func (h *house) Lease(_ context.Context, at time.Time, p access.Principal, limit int, lease time.Duration) ([]dispatch.Leased, error) {
	h.limit, h.lease = limit, lease
	m := text(3)
	m.Channel, m.Route, m.Content = message.Voice, "calls", `{"parts":{"script":"This is Western Power."},"data":{"amount":129.50}}`
	return []dispatch.Leased{{
		Taken: message.Taken{Message: m, Due: message.Due{At: at.Add(lease)}}, Opens: at, Closes: at.Add(5 * time.Hour), Attempts: 3, Pause: 30 * time.Minute,
	}}, h.asked(p)
}

func (h *house) Extend(_ context.Context, at time.Time, p access.Principal, ids []message.ID, lease time.Duration) ([]dispatch.Extended, error) {
	h.ids, h.lease = ids, lease
	return []dispatch.Extended{{ID: ids[0], LeasedUntil: at.Add(lease)}, {ID: ids[len(ids)-1], Reason: "cancelled"}}, h.asked(p)
}

func (h *house) Recall(_ context.Context, _ time.Time, p access.Principal, ids []message.ID) ([]dispatch.Recalled, error) {
	h.ids = ids
	return []dispatch.Recalled{{ID: ids[0], Reason: "cancelled"}}, h.asked(p)
}

func (h *house) Results(_ context.Context, _ time.Time, p access.Principal, results []dispatch.CallResult) ([]dispatch.Recorded, error) {
	h.results = results
	out := make([]dispatch.Recorded, 0, len(results))
	for i, r := range results {
		out = append(out, dispatch.Recorded{ID: r.ID, Status: []string{"recorded", "duplicate"}[i%2]})
	}
	return out, h.asked(p)
}

func (h *house) Extracts(_ context.Context, _ int64, limit int) ([]extract.Run, error) {
	h.limit = limit
	return []extract.Run{
		{Batch: extract.LTRPRT, Number: 12, ClosedAt: now().Add(time.Second), Letters: 2, Hash: strings.Repeat("0a", 32)},
	}, nil
}

func (h *house) Config(_ context.Context, p access.Principal) (int64, config.Document, error) {
	return 3, h.document, h.asked(p)
}

func (h *house) WriteConfig(_ context.Context, _ time.Time, p access.Principal, d config.Document, ifVersion int64) (int64, error) {
	if err := h.asked(p); err != nil {
		return 0, err
	}
	if ifVersion != 3 {
		return 0, fault.New(fault.Conflict, "the configuration has another version")
	}
	h.document = d
	return 4, nil
}

func (h *house) Current() *config.Snapshot {
	s, err := config.Compile(3, config.Document{
		Divisions: []config.Division{{Code: "WEST", Zone: "America/Chicago", Country: "US", Language: "en-US"}},
		Routes:    []config.Route{{Code: "texts", Number: 2, Channel: message.SMS, Provider: "sns"}},
	})
	if err != nil {
		panic(err)
	}
	return s
}

func (h *house) At(_ context.Context, version int64) (*config.Snapshot, error) {
	if h.configGone {
		return nil, fault.New(fault.NotFound, "there is no such configuration")
	}
	if len(h.document.Divisions) == 0 {
		return h.Current(), nil
	}
	return config.Compile(version, h.document)
}

func (h *house) CreatePrincipal(_ context.Context, _ time.Time, p access.Principal, made access.Principal) (string, error) {
	h.created = made
	if made.Name == "taken" {
		return "", fault.New(fault.Conflict, "the name is taken")
	}
	return "crl_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", h.asked(p)
}

func (h *house) RevokePrincipal(_ context.Context, _ time.Time, p access.Principal, name string) error {
	h.created.Name = name
	return h.asked(p)
}

func (h *house) PrincipalList(_ context.Context, p access.Principal) ([]access.Principal, error) {
	return []access.Principal{
		{Name: "cis-west", Source: "CIS-W", Divisions: []string{"WEST"}, Roles: []access.Role{access.CIS}, CreatedAt: now(), RevokedAt: now().Add(time.Hour)},
	}, h.asked(p)
}

func (h *house) Check(context.Context) error {
	if h.unreachable {
		return fault.New(fault.Unavailable, "the store is not reached")
	}
	return nil
}

func (h *house) Breakers() []guard.Snapshot {
	return []guard.Snapshot{
		{Adapter: "sns", Route: "texts", State: guard.Open, Until: now().Add(time.Minute), ConsecutiveFailures: 5, LastFaultKind: "unavailable", Slots: 16},
		{Adapter: "ses", Route: "mails", State: guard.Closed, Inflight: 2, Slots: 8},
	}
}

func (h *house) TripBreaker(_ context.Context, _ time.Time, p access.Principal, adapter, route, reason string) error {
	h.ordered = "trip " + adapter + "/" + route + ": " + reason
	return h.asked(p)
}

func (h *house) ResetBreaker(_ context.Context, _ time.Time, p access.Principal, adapter, route, reason string) error {
	h.ordered = "reset " + adapter + "/" + route + ": " + reason
	return h.asked(p)
}

func (h *house) DeadLetters(_ context.Context, p access.Principal, f counter.DeadFilter, after message.DeadCursor, limit int) ([]counter.DeadRow, *message.DeadCursor, error) {
	h.dead, h.after, h.limit = f, after, limit
	m := text(4)
	rows := []counter.DeadRow{{Reached: true, DeadLetter: message.DeadLetter{
		Message: m.ID, Place: message.AtFailed, At: now().Add(time.Minute), AcceptedAt: now(), Source: m.Source, Division: m.Division,
		Contact: m.Origin.Contact, Class: "CREDIT", Type: "DISC-WARN", Channel: m.Channel, Route: m.Route, Urgency: m.Urgency,
		Reason: "refused", Code: "OptedOut", Attempts: 2,
	}}}
	next := rows[0].Cursor()
	return rows, &next, h.asked(p)
}

func (h *house) Replay(_ context.Context, _ time.Time, p access.Principal, r counter.ReplayRequest) (counter.ReplayAnswer, error) {
	h.replay = r
	return counter.ReplayAnswer{
		Found: 5, Replayed: 3, Parts: 4, Passed: map[string]int{"suppressed": 1, "reached": 1},
		Groups: map[counter.ReplayGroup]int{
			{Channel: message.SMS, Route: "texts", Reason: "unavailable"}: 2, {Channel: message.Email, Route: "mails", Reason: "refused"}: 1,
		},
	}, h.asked(p)
}

func (h *house) Resolve(_ context.Context, _ time.Time, p access.Principal, _ message.ID, as counter.Resolution, reason string) (message.Record, error) {
	h.resolution, h.reason = as, reason
	return view().Messages[0], h.asked(p)
}

func (h *house) CancelMany(_ context.Context, _ time.Time, p access.Principal, c counter.Cancellation) (counter.Cancelled, error) {
	h.cancellation = c
	next := counter.CancelCursor{Message: messageID(9)}
	if c.Batch != "" {
		next = counter.CancelCursor{Contact: 1000000417}
	}
	return counter.Cancelled{Contacts: 3, Cancelled: 2, Recalled: 1, UnderWay: 1, Halted: 3, Next: &next}, h.asked(p)
}

func (h *house) List(_ context.Context, p access.Principal, f worklist.Filter, after todo.ID, limit int) ([]worklist.Row, todo.ID, error) {
	h.todos, h.limit = f, limit
	e := todo.Entry{
		ID: after + 10000000000001, Type: todo.InDoubt, Source: "CIS-W", Division: "WEST", Contact: 1000000417, Message: messageID(1),
		Reason: "ambiguous", OpenedAt: now(), Priority: 5, Revision: 1,
	}
	if f.Status == todo.IsComplete {
		e.CompletedAt, e.By, e.Outcome, e.Revision = now().Add(time.Hour), "csr-west", "delivered", 2
	}
	return []worklist.Row{{Entry: e}}, e.ID, h.asked(p)
}

// toDoView is an entry with everything it can have.
func (h *house) toDoView(id todo.ID) worklist.View {
	e := todo.Entry{
		ID: id, Type: "TD-CCCB", About: "CIS-W:1000000417/1000000007", Source: "CIS-W", Division: "WEST", Contact: 1000000417, Message: messageID(1),
		Reason: "reminder", Role: "CSR", User: "csr-west", AssignedAt: now(), AssignedBy: "supervisor-west", Work: todo.OnHold, Priority: 3,
		Subject: "Call back", Comments: "after six", Drill: []string{"1000000417", "1000000007"}, Sort: []string{"GALVESTON", "2026-03-02"},
		Characteristics: []plugin.Characteristic{{Type: "ACCT-ID", Value: "4000000417"}}, Skills: []config.Skill{{Type: "SPANISH", Level: 3}},
		Batch: "TD-CCCB", Run: 12, OpenedBy: "sre-west", OpenedAt: now(), RoutedAt: now(), Revision: 4,
	}
	other := todo.Entry{
		ID: 20000000000009, Type: "TD-MANUAL", Source: "CIS-W", Division: "WEST", Reason: "manual", OpenedAt: now(), Priority: 5, Revision: 1,
	}
	return worklist.View{
		Row: worklist.Row{Entry: e, Information: "Call back, 2026-03-02"}, Text: "Reminder of contact 1000000417, due 2026-03-02",
		Target: "/v1/contacts/1000000417", Related: []worklist.Row{{Entry: other}}, Relating: 1,
		Log: []todo.LogRow{
			{ToDo: id, At: now(), Kind: todo.Opened, Role: "CSR"},
			{ToDo: id, At: now(), Kind: todo.Given, By: "supervisor-west", User: "csr-west", Role: "CSR", Comment: "yours"},
			{ToDo: id, At: now(), Kind: todo.Routed, By: "F1-TDEER", User: "csr-west", Role: "CSR", Message: messageID(2)},
		},
	}
}

func (h *house) View(_ context.Context, p access.Principal, id todo.ID) (worklist.View, error) {
	return h.toDoView(id), h.asked(p)
}

func (h *house) Add(_ context.Context, _ time.Time, p access.Principal, in worklist.NewToDo) (worklist.View, error) {
	h.todo = in
	return h.toDoView(20000000000001), h.asked(p)
}

func (h *house) Act(_ context.Context, _ time.Time, p access.Principal, id todo.ID, a worklist.Action) (worklist.View, error) {
	h.action, h.actedOn = a, []todo.ID{id}
	if a.Role == "CREDIT" { // who gives it there does not see it any more
		return worklist.View{}, h.asked(p)
	}
	view := h.toDoView(id)
	view.Warnings = []string{"has not the skill SPANISH, which is needed at level 3"}
	return view, h.asked(p)
}

func (h *house) ActMany(_ context.Context, _ time.Time, p access.Principal, ids []todo.ID, a worklist.Action) ([]worklist.Result, error) {
	h.action, h.actedOn = a, ids
	results := make([]worklist.Result, len(ids))
	for i, id := range ids {
		results[i] = worklist.Result{ID: id}
		switch i {
		case 1:
			results[i].Err = fault.New(fault.Conflict, "the To Do is complete")
		case 2:
			results[i].Err = fault.Refuse(fault.Violation{Field: "/user", Reason: "is no active user of the To Do's role"})
		}
	}
	return results, h.asked(p)
}

func (h *house) Retry(_ context.Context, at time.Time, p access.Principal, r accept.RetryRequest) (accept.Retried, error) {
	h.retry = r
	if r.Key == "pending" {
		return accept.Retried{}, fault.New(fault.Conflict, "a message that is pending cannot be retried")
	}
	return accept.Retried{Channel: message.SMS, Replayed: r.Key == "replayed", Retry: plan.Retry{
		Contact: 1000000417, Step: 1, Number: 2, Message: messageID(5), Former: r.Message, At: at, By: p.Name,
	}}, h.asked(p)
}

func (h *house) PutHold(_ context.Context, at time.Time, p access.Principal, in store.Hold) (store.Hold, error) {
	h.ordered = "hold " + string(in.Kind) + " " + in.Subject
	in.Number, in.By, in.At = 7, "counsel", at
	return in, h.asked(p)
}

func (h *house) LiftHold(_ context.Context, _ time.Time, p access.Principal, number int64) error {
	h.ordered = fmt.Sprintf("lift %d", number)
	return h.asked(p)
}

func (h *house) Holds(_ context.Context, p access.Principal, lifted bool) ([]store.Hold, error) {
	all := []store.Hold{{Number: 7, Kind: store.HoldAccount, Subject: "4000000001", Reason: "case 2026-17", By: "counsel", At: now()}}
	if lifted {
		all = append(all, store.Hold{
			Number: 3, Kind: store.HoldPerson, Subject: "1000000042", Reason: "case 2025-4", By: "counsel", At: now().Add(-time.Hour),
			LiftedBy: "counsel", LiftedAt: now(),
		})
	}
	return all, h.asked(p)
}

func (h *house) services(tb testing.TB) rest.Services {
	tb.Helper()
	if h.shop == nil {
		h.shop = newShop()
	}
	return rest.Services{
		Intake: h.shop.intake(tb, quiet(), rest.DefaultMaxBody), Batches: h.shop.lots(),
		Proofs: h, Events: happenings{h},
		Keys: h, Accept: h, Contacts: h, Persons: h, Customers: h, Suppressions: h, Changes: h, Lanes: h, Calls: h, Letters: h,
		Configs: h, Versions: h, Snapshots: h, Principals: h, Health: h, Breakers: h, Fleet: h, Trips: h, Failures: h, Retries: h, Holds: h,
		ToDos: h,
		Runs:  night{h}, RunOrders: night{h}, DepositReviews: night{h},
		Desk: deskOf{h}, Timelines: deskOf{h},
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open serves a house.
func open(tb testing.TB, h *house) http.Handler {
	tb.Helper()
	return openWith(tb, h, rest.Config{Clock: now, Log: quiet()})
}

func openWith(tb testing.TB, h *house, cfg rest.Config) http.Handler {
	tb.Helper()
	cfg.Contract = theContract(tb)
	handler, err := rest.New(cfg, h.services(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return handler
}

// roleOf is a role that may call an operation.
func roleOf(roles []access.Role) access.Role {
	if slices.Contains(roles, access.CIS) {
		return access.CIS
	}
	return roles[len(roles)-1]
}

// theContract is read once for all tests, as a process does.
func theContract(tb testing.TB) *contract.Contract {
	tb.Helper()
	c, err := readOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

var readOnce = sync.OnceValues(contract.Read)
