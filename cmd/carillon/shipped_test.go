package main

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"carillon/adapters/driven/liquid"
	"carillon/cmd/internal/confkeeper"
	"carillon/core/algorithm"
	"carillon/core/config"
	"carillon/core/contact"
)

// shippedDocument is the configuration that is shipped.
func shippedDocument(t *testing.T) config.Document {
	t.Helper()
	d, err := confkeeper.ParseDocument(confkeeper.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShipped(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	t.Run("has nothing wrong with it", func(t *testing.T) {
		t.Parallel()
		for _, v := range confkeeper.RulesOf(liquid.New()).Check(d, nil) {
			t.Errorf("%s %s", v.Field, v.Reason)
		}
	})
	t.Run("comes back from its rows as it was", func(t *testing.T) {
		t.Parallel()
		rows, err := d.Rows()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.FromRows(rows)
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("another document: %v", err)
		}
	})
}

// TestConfigOverHTTP writes what is shipped by the API, compares and checks it there, and finds every version again.
func TestConfigOverHTTP(t *testing.T) {
	t.Parallel()
	g := serve(t, within, t.TempDir()+"/carillon.db", configFile(t, nil), simulate(t, within), allowed()...)
	admin := g.sre
	status, doc := g.get(t, admin, "/v1/config")
	if status != http.StatusOK || len(list(doc["saTypes"])) != 27 {
		t.Fatalf("%d: %v", status, doc)
	}
	alerts := list(doc["alertTypes"])
	alerts[0].(map[string]any)["description"] = "Changed"
	status, diff := g.ask(t, admin, http.MethodPost, "/v1/config/diff", nil, map[string]any{"document": doc})
	changes := list(diff["changes"])
	if status != http.StatusOK || len(changes) != 1 || changes[0].(map[string]any)["kind"] != "alert_type" {
		t.Fatalf("%d: %v", status, diff)
	}
	if status, found := g.ask(t, admin, http.MethodPost, "/v1/config/lint", nil, doc); status != http.StatusOK || len(list(found["errors"])) != 0 {
		t.Fatalf("%d: %v", status, found)
	}
	version := strconv.FormatFloat(diff["from"].(float64), 'f', 0, 64)
	if status, answer := g.ask(t, admin, http.MethodPut, "/v1/config", map[string]string{"If-Match": `"` + version + `"`}, doc); status != http.StatusNoContent {
		t.Fatalf("%d: %v", status, answer)
	}
	if status, _ := g.ask(t, admin, http.MethodPut, "/v1/config", map[string]string{"If-Match": `"` + version + `"`}, doc); status != http.StatusConflict {
		t.Errorf("a version is written twice: %d", status)
	}
	status, history := g.get(t, admin, "/v1/config/versions")
	versions := list(history["versions"])
	if status != http.StatusOK || len(versions) < 2 || versions[0].(map[string]any)["changed"] != 1.0 || versions[0].(map[string]any)["by"] == "" {
		t.Errorf("%d: %v", status, history)
	}
	status, before := g.get(t, admin, "/v1/config/versions/"+version)
	if got := list(before["alertTypes"]); status != http.StatusOK || got[0].(map[string]any)["description"] == "Changed" {
		t.Errorf("%d: %v", status, got)
	}
	doc["users"] = []any{}
	status, found := g.ask(t, admin, http.MethodPost, "/v1/config/lint", nil, doc)
	if status != http.StatusOK || len(list(found["errors"])) == 0 {
		t.Errorf("%d: %v", status, found)
	}
}

// list is a list of an answer; none when it is not there.
func list(v any) []any {
	all, _ := v.([]any)
	return all
}

// TestShippedElements finds a row of every configuration element that processes 3.4.1.1 and 3.3.2.3 name up to the steps
// that are done: whoever looks for one finds an example of it.
func TestShippedElements(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	owners := func(kind config.OwnerKind, right func(config.Owner) bool) func() bool {
		return func() bool {
			return slices.ContainsFunc(d.Owners, func(o config.Owner) bool { return o.Kind == kind && (right == nil || right(o)) })
		}
	}
	carried := func(entity string) func() bool {
		return func() bool {
			return slices.ContainsFunc(d.CharacteristicTypes, func(c config.CharacteristicType) bool { return slices.Contains(c.Entities, entity) })
		}
	}
	hung := func(spot string) func() bool {
		return func() bool {
			return slices.ContainsFunc(d.Plugs, func(p config.Plug) bool { return p.Owner+"/"+p.Event == spot })
		}
	}
	writes := func(o config.Owner) bool { return o.Contact != nil }
	events := func(o config.Owner) bool { return len(o.Events) > 0 }
	for code, there := range map[string]func() bool{
		"CIS Division":                                 func() bool { return len(d.Divisions) > 1 },
		"Customer Contact Class":                       func() bool { return len(d.Classes) > 0 },
		"Customer Contact Type":                        func() bool { return len(d.Types) > 0 },
		"Customer Contact Characteristic Type":         carried("contact"),
		"Installation Options":                         func() bool { return d.Installation.PersonID != "" },
		"Installation Options - Framework":             hung("installation/todo_pre_creation"),
		"Installation Options - Control Central Alert": hung("installation/control_central_alert"),
		"Zone": func() bool { return len(d.UIZones) > 0 },
		"To Do Role": func() bool {
			return slices.ContainsFunc(d.ToDoRoles, func(r config.ToDoRole) bool { return r.Code == "F1_DFLT" })
		},
		"To Do Type": func() bool { return len(d.ToDoTypes) > 0 },
		"Batch Scheduler - Feature Configuration": func() bool {
			return slices.ContainsFunc(d.Features, func(f config.Feature) bool { return f.Type == "batch_scheduler" })
		},
		"Batch Control": func() bool {
			return slices.ContainsFunc(d.BatchControls, func(b config.BatchControl) bool { return b.Code == "TD-CCCB" })
		},
		"Navigation Option":                         func() bool { return len(d.NavigationOptions) > 0 },
		"Meter Reader Remark":                       owners(config.MeterReaderRemark, nil),
		"Field Activity Type":                       owners(config.FieldActivityType, nil),
		"Field Activity Remark":                     owners(config.FieldActivityRemark, nil),
		"Field Activity Characteristic Type":        carried("field_activity"),
		"Field Activity Remark Characteristic Type": carried("field_activity_remark"),
		"Service Task Characteristic Type":          carried("service_task"),
		"Campaign":                                  owners(config.Campaign, nil),
		"Customer Class":                            func() bool { return len(d.CustomerClasses) > 0 },
		"Service Credit Membership Type":            owners(config.MembershipType, nil),
		"SA Type":                                   func() bool { return len(d.SATypes) == 27 },
		"Lead Event Type":                           owners(config.LeadEventType, writes),
		"Message Category":                          func() bool { return len(d.MessageCategories) > 0 },
		"Message Number":                            func() bool { return len(d.MessageCategories[0].Messages) > 0 },
		"Collection Process Template":               owners(config.CollectionTemplate, events),
		"Collection Event Type":                     owners(config.CollectionEventType, writes),
		"Severance Process Template":                owners(config.SeveranceTemplate, events),
		"Severance Event Type":                      owners(config.SeveranceEventType, writes),
		"Write Off Process Template":                owners(config.WriteOffTemplate, events),
		"Write Off Event Type":                      owners(config.WriteOffEventType, writes),
		"Overdue Process Template":                  owners(config.OverdueTemplate, events),
		"Overdue Event Type":                        owners(config.OverdueEventType, nil),
		"Cut Process Template":                      owners(config.CutTemplate, events),
		"Cut Process Event Type":                    owners(config.CutEventType, nil),
		"Case Type":                                 owners(config.CaseType, func(o config.Owner) bool { return len(o.Statuses) > 1 }),
		"Identifier Type": func() bool {
			return slices.ContainsFunc(d.IdentifierTypes, func(i config.IdentifierType) bool { return i.Unique })
		},
		"Geographic Type":   func() bool { return len(d.GeographicTypes) > 0 },
		"Service Task Type": owners(config.ServiceTaskType, writes),
	} {
		if !there() {
			t.Errorf("no row of %s", code)
		}
	}
}

// TestShippedTypes posts a contact of every type that is shipped: its plan, templates and usages go together.
func TestShippedTypes(t *testing.T) {
	t.Parallel()
	g := serve(t, within, t.TempDir()+"/carillon.db", configFile(t, nil), simulate(t, within), allowed()...)
	for _, kind := range shippedDocument(t).Types {
		request := map[string]any{
			"division": "NORTH", "class": kind.Class, "type": kind.Code,
			"data": map[string]any{"amount": "$12.00", "due": "June 1", "restored": "11:30", "day": "Tuesday"},
			"recipient": map[string]any{
				"name": []string{"Ada Abbott"}, "phone": "+12125550100", "email": "customer1@example.com",
				"postal": map[string]any{"line1": "1 Mill Lane", "city": "Albany", "state": "NY", "postal": "12201", "country": "US"},
			},
		}
		if kind.Account != contact.NotAllowed {
			request["account"] = "NF-000001"
		}
		if kind.Premise != contact.NotAllowed {
			request["premise"] = "PR-000001"
		}
		header := map[string]string{"Idempotency-Key": kind.Class + "/" + kind.Code}
		if status, answer := g.ask(t, g.cis, http.MethodPost, "/v1/contacts", header, request); status != http.StatusAccepted {
			t.Errorf("%s/%s: %d %v", kind.Class, kind.Code, status, answer)
		}
	}
}

// TestShippedSATypes compares the 27 SA types of process 3.3.2.3 with its table, and their special roles.
func TestShippedSATypes(t *testing.T) {
	t.Parallel()
	want := map[string][2]string{
		"CHARITY": {"Charitable contribution"}, "CONNECT": {"Connection charge"},
		"DE-INST": {"Deposit for commercial cust.", "cash_deposit"}, "DEP-I": {"Deposit", "cash_deposit"},
		"EVCHG": {"Electric Vehicle Charges", "billable_charge"}, "EXCSCRED": {"Excess credit (overpayment)"},
		"LOAN-ST": {"Short Term Loan", "loan"}, "MI-SCMSA": {"SA for SC memberships"},
		"NBB-MRR":  {"Monthly NBB - Monitored w/ Req Renew", "non_billed_budget"},
		"NBB-URR":  {"Monthly NBB - Unmonitored w/ Req Renew", "non_billed_budget"},
		"NCIS-CON": {"Non CIS Payments - Connect Fee"}, "NCIS-MTR": {"Non CIS Payments - Mobile Meter Permit"},
		"NCIS-PUR": {"Non CIS Payments - Purchasing"}, "ONE-OFF": {"One off charge", "billable_charge"},
		"ONETIME": {"One time charge", "billable_charge"}, "OVR UNDR": {"Cash drawer over/under expense"},
		"PA-OI": {"Pay arrangement (OI)", "payment_arrangement"}, "PA-REGU": {"Pay arrang. - Regulated debt", "payment_arrangement"},
		"PA-UNRE": {"Pay arrang. - Unregulated debt", "payment_arrangement"}, "REBATE": {"Rebate Refund"},
		"SCM RFEE": {"SC Membership - refundable fee"}, "SCM SFEE": {"SC Membership Std Fee (non-ref)"},
		"SPRLPC": {"Service Provider LPC SA"}, "SUSPENSE": {"Uploaded payments in suspense"},
		"WO-BANKR": {"Bankruptcy write off", "write_off"}, "WO-LIAB": {"Written down liabilities", "write_off"},
		"WO-STAND": {"Write off", "write_off"},
	}
	got := make(map[string][2]string)
	for _, s := range shippedDocument(t).SATypes {
		got[s.Code] = [2]string{s.Description, s.SpecialRole}
	}
	if len(want) != 27 || !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestLintKnowsTheBatches refuses what no batch of the program takes.
func TestLintKnowsTheBatches(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	i := slices.IndexFunc(d.BatchControls, func(b config.BatchControl) bool { return b.Code == "TD-CCCB" })
	d.BatchControls[i].Parameters = map[string]string{"LEAD-DAYS": "100", "LEED-DAYS": "1", "MAX-ERRORS": "5"}
	var got []string
	for _, v := range confkeeper.RulesOf(liquid.New()).Check(d, nil) {
		got = append(got, v.Field+" "+v.Reason)
	}
	want := []string{
		"/batchControls/TD-CCCB/parameters/LEAD-DAYS is a whole number from 0 to 99", "/batchControls/TD-CCCB/parameters/LEED-DAYS is no parameter of this batch",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestShippedPlugs finds every algorithm on a spot of what is shipped: whoever looks for one sees how it is hung.
func TestShippedPlugs(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	for _, a := range algorithm.Catalog() {
		if a.Code == "CI_PER-INFO" { // C2M-PERCTINF hangs on its spot, which takes one
			continue
		}
		if !slices.ContainsFunc(d.Plugs, func(p config.Plug) bool { return p.Code == a.Code }) {
			t.Errorf("%s hangs nowhere", a.Code)
		}
	}
}
