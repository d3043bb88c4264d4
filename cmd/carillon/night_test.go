package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/occurrence"
	"carillon/core/store"
)

// happening is an event of the kind as the CIS raises it tonight: of account 4000000001, whose main customer is Ada.
func happening(t *testing.T, k occurrence.Kind) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "core", "occurrence", "testdata", string(k)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	if k == occurrence.KindCard { // the sample's month will have passed one day
		e["expires"] = time.Now().AddDate(0, 0, 3).Format("2006-01")
	}
	if k == occurrence.KindDeposit { // each review is one
		e["sequence"] = 1
	}
	return e
}

// customersOfTheNight loads Ada with her account and two service agreements, one of them stopped.
func customersOfTheNight(t *testing.T, at string) {
	t.Helper()
	st, err := stores.Open(t.Context(), settings.Settings{Store: at})
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close(st)
	person := func(id customer.PersonID, external, name string) customer.Person {
		post := customer.Postal{Line1: "1 Main Street", City: "Springfield", Country: "US"}
		return customer.Person{
			ID: id, Source: "cis", ExternalID: external, Division: "NORTH", Version: 1, Revision: 1, Kind: customer.Human, Language: "en-US",
			Names: []customer.Name{{Type: customer.Primary, Text: name}}, UpdatedAt: clock.Now(),
			Points: []customer.Point{{
				ID: customer.PointID(id), Person: id, Kind: customer.Post, Value: post.Address(), Capabilities: []customer.Capability{customer.CanPost},
				Origin: customer.FromCIS,
			}},
		}
	}
	ada := person(1000000001, "PER-ADA", "Lovelace,Ada")
	ada.Division = "SOUTH" // a customer of another division who holds an account here is seen here
	account := customer.Account{
		ID: 1000000011, Source: "cis", ExternalID: "4000000001", Division: "NORTH", Version: 1, Revision: 1, Class: "RES", Currency: "USD",
		Persons: []customer.AccountPerson{{Person: 1000000001, Main: true}, {Person: 1000000002}}, UpdatedAt: clock.Now(),
	}
	sa := func(id agreement.ID, external string, status agreement.Status) agreement.Agreement {
		return agreement.Agreement{
			ID: id, Source: "cis", ExternalID: external, Division: "NORTH", Version: 1, Account: account.ID, Type: "E-RES", Premise: "5000000001",
			Status: status, Start: "2026-01-01", Current: "0.00", Payoff: "0.00", Currency: "USD", UpdatedAt: clock.Now(),
		}
	}
	for _, set := range []store.Writes{
		{Customer: &store.CustomerWrites{Persons: []customer.Person{ada, person(1000000002, "PER-1", "Hopper,Grace")}}},
		{Customer: &store.CustomerWrites{Accounts: []customer.Account{account}}},
		{Customer: &store.CustomerWrites{Agreements: []agreement.Agreement{sa(1000000021, "7000000002", agreement.Active), sa(1000000022, "7000000009", agreement.Stopped)}}},
	} {
		verdicts, err := st.Apply(t.Context(), set)
		if err != nil || verdicts[0].Outcome != store.Applied {
			t.Fatalf("loading: %+v, %v", verdicts, err)
		}
	}
}

// TestCISsNight raises all eighteen kinds of event, each twice, over HTTP, on both stores.
func TestCISsNight(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return t.TempDir() + "/carillon.db" },
		"PostgreSQL": parttest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			if name != "SQLite" && testing.Short() {
				t.Skip("it needs a server")
			}
			t.Parallel()
			night(t, at(t))
		})
	}
}

// made are the contacts, by creator, that each kind of event makes under the shipped configuration.
func made() map[occurrence.Kind][]string {
	return map[occurrence.Kind][]string{
		occurrence.KindOrder:        {"CCEE-CC SALE/ORDERDONE", "CAOC-CC SALE/CAMPAIGN"},
		occurrence.KindLead:         {"C1-LETCRECC SALE/LEAD"},
		occurrence.KindMember:       {"SCMC-CC SALE/MEMBERNEW"},
		occurrence.KindMemberActive: {"SCMA-CC SALE/MEMBERWELC"},
		occurrence.KindBudget:       {"SAAT-CC BILL/BUDGET"},
		occurrence.KindMeterRemark:  {"MRRCRECC FLD/METERREAD"},
		occurrence.KindFieldRemark:  {"FACT-CCC FLD/FAREMARK"},
		occurrence.KindTask:         {"C1-CREATECC FLD/SERVICE"},
		occurrence.KindAdjustment:   {"C2M-ADJFRCC COLL/NSF"},
		occurrence.KindDeposit:      {"C1-CreCustCn COLL/DEPOSIT"},
		occurrence.KindCollection:   {" COLL/COLLECT"},
		occurrence.KindSeverance:    {" COLL/SEVER"},
		occurrence.KindWriteOff:     {" COLL/WRITEOFF"},
		occurrence.KindOverdue:      {"C1-OE-CC COLL/OVERDUE"},
		occurrence.KindCut:          {"C1-CE-CC COLL/CUT"},
		occurrence.KindCase:         {"CSEN-CC CASE/CASE"},
		occurrence.KindCard:         {"C1-ExpCardLe BILL/CARDEXPIRY"},
		occurrence.KindWorkflow:     {" COLL/WORKFLOW"},
	}
}

// raise raises an event.
func (g *instance) raise(t *testing.T, e map[string]any) (int, map[string]any) {
	t.Helper()
	return g.ask(t, g.cis, http.MethodPost, "/v1/events", nil, e)
}

func night(t *testing.T, at string) {
	t.Helper()
	g := &instance{store: at}
	north := g.key(t, "cis", "cis", "NORTH") // and the store is there
	customersOfTheNight(t, at)
	g = serve(t, within, at, configFile(t, nil), simulate(t, within), allowed()...)
	g.cis = north
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EVENT\tCREATOR\tPLACE\tTYPE\tCONTACT\tAGAIN")
	contacts := 0
	for _, kind := range occurrence.Kinds() {
		e := happening(t, kind)
		status, first := g.raise(t, e)
		if status != http.StatusAccepted || word(first, "event") != string(kind) || word(first, "object") != e["object"] {
			t.Fatalf("%s: %d %v", kind, status, first)
		}
		status, again := g.raise(t, e)
		if status != http.StatusAccepted || fmt.Sprint(again) != fmt.Sprint(first) {
			t.Errorf("%s again: %d %v\nfirst was %v", kind, status, again, first)
		}
		var got []string
		for _, m := range objects(first, "made") {
			got = append(got, word(m, "creator")+" "+word(m, "class")+"/"+word(m, "type"))
			fmt.Fprintf(w, "%s\t%s\t%s\t%s/%s\t%s\tthe same\n", kind, word(m, "creator"), word(m, "place"), word(m, "class"), word(m, "type"), word(m, "contact"))
			g.bearsTheEvent(t, kind, e, m)
			contacts++
		}
		if !slices.Equal(got, made()[kind]) {
			t.Errorf("%s made %q, want %q", kind, got, made()[kind])
		}
	}
	_ = w.Flush() // into memory
	t.Logf("the night of the CIS:\n%s", table.String())
	eventually(t, 10*time.Second, "the ledger knows each contact once", func() bool { c, _ := count(t, g); return c >= contacts })
	if c, _ := count(t, g); c != contacts {
		t.Errorf("the ledger knows %d contacts, %d were made", c, contacts)
	}
	g.refusals(t)
	g.tasks(t)
	g.scripts(t)
	g.unplugged(t)
}

// bearsTheEvent proves that a contact is about whom and what it should be, and keeps what the event says.
func (g *instance) bearsTheEvent(t *testing.T, kind occurrence.Kind, e, made map[string]any) {
	t.Helper()
	status, c := g.get(t, g.cis, "/v1/contacts/"+word(made, "contact"))
	if status != http.StatusOK {
		t.Fatalf("%s: reading %v: %d", kind, made, status)
	}
	person := map[occurrence.Kind]string{occurrence.KindOrder: "1000000002", occurrence.KindLead: ""}
	want, named := person[kind]
	if !named {
		want = "1000000001" // the main customer
	}
	if word(c, "person") != want {
		t.Errorf("%s is about person %q, want %q", kind, word(c, "person"), want)
	}
	data, _ := c["data"].(map[string]any)
	kept, _ := data["event"].(map[string]any)
	for name, said := range e {
		if name == "recipient" {
			if _, there := kept[name]; there {
				t.Errorf("%s keeps the recipient in its data", kind)
			}
			continue
		}
		if fmt.Sprint(kept[name]) != fmt.Sprint(said) {
			t.Errorf("%s keeps %s as %v, it said %v", kind, name, kept[name], said)
		}
	}
	g.pointsBack(t, kind, word(e, "object"), word(made, "creator"), c)
	notAllowed := word(made, "type") == "CAMPAIGN" // its type allows no premise, although the order has one (process 3.4.1.1, step 2.2)
	if premise := word(c, "premise"); notAllowed && premise != "" {
		t.Errorf("%s: premise %q on a type that allows none", kind, premise)
	}
}

// pointsBack proves that the comments of a contact are the message of its creator with the values of the event, and that the
// contact names its source object where the creator is told to.
func (g *instance) pointsBack(t *testing.T, kind occurrence.Kind, object, creator string, c map[string]any) {
	t.Helper()
	desk, _ := c["desk"].(map[string]any)
	if desk == nil {
		desk = c
	}
	if creator != "" && !strings.Contains(word(desk, "comments"), object) && kind != occurrence.KindCard && kind != occurrence.KindDeposit {
		t.Errorf("%s: comments %q do not tell of %s", kind, word(desk, "comments"), object)
	}
	pointer := map[string]string{"FACT-CCC": "FA-ID", "C1-CREATECC": "TASK-ID", "CSEN-CC": "CASE-ID"}[creator]
	if pointer == "" {
		return
	}
	there := func(m map[string]any) bool { return word(m, "type") == pointer && word(m, "value") == object }
	if !slices.ContainsFunc(objects(desk, "characteristics"), there) {
		t.Errorf("%s: characteristics %v do not point back to %s", kind, desk["characteristics"], object)
	}
}

// refusals proves that what is refused makes nothing.
func (g *instance) refusals(t *testing.T) {
	t.Helper()
	before, _ := count(t, g)
	changed := happening(t, occurrence.KindOverdue)
	changed["amount"] = "999.99"
	unknown := happening(t, occurrence.KindAdjustment)
	unknown["object"], unknown["frobnicate"], unknown["amount"] = "ADJ-2", 1, 30
	nobody := happening(t, occurrence.KindAdjustment)
	nobody["object"], nobody["account"] = "ADJ-3", "4999999999"
	delete(nobody, "sa")
	south := happening(t, occurrence.KindAdjustment)
	south["object"], south["division"] = "ADJ-4", "WEST"
	for says, row := range map[string]struct {
		event  map[string]any
		status int
		fields []string
	}{
		"other content under the key of an event":  {changed, http.StatusConflict, nil},
		"an unknown field and a wrong kind":        {unknown, http.StatusUnprocessableEntity, []string{"/amount", "/frobnicate"}},
		"nobody to write to":                       {nobody, http.StatusUnprocessableEntity, []string{"/account"}},
		"a division that is not configured":        {south, http.StatusUnprocessableEntity, []string{"/division"}},
		"an event of no kind":                      {map[string]any{"event": "sunrise"}, http.StatusUnprocessableEntity, []string{"/event"}},
		"an event without a kind":                  {map[string]any{"object": "1"}, http.StatusUnprocessableEntity, []string{"/event"}},
		"a collection event without its own place": {map[string]any{"event": "collection_event", "division": "NORTH", "object": "CP-9", "eventType": "COLL-LTR"}, http.StatusUnprocessableEntity, []string{"/sequence"}},
	} {
		status, p := g.raise(t, row.event)
		var fields []string
		for _, v := range objects(p, "errors") {
			fields = append(fields, word(v, "field"))
		}
		if status != row.status || !slices.Equal(fields, row.fields) {
			t.Errorf("%s: %d %v", says, status, p)
		}
	}
	if after, _ := count(t, g); after != before {
		t.Errorf("refused events made %d contacts", after-before)
	}
}

// tasks proves that a service task whose contact cannot be made stays in error, and is completed once it can.
func (g *instance) tasks(t *testing.T) {
	t.Helper()
	e := happening(t, occurrence.KindTask)
	e["object"], e["account"] = "ACT-2", "4999999999"
	delete(e, "sa")
	status, first := g.raise(t, e)
	m := objects(first, "made")
	if status != http.StatusAccepted || len(m) != 1 || word(m[0], "status") != "error" || word(m[0], "contact") != "" || len(objects(m[0], "errors")) != 1 {
		t.Fatalf("%d %v", status, first)
	}
	path := "/v1/contact-tasks/" + word(m[0], "task")
	status, again := g.ask(t, g.cis, http.MethodPost, path+"/retry", nil, nil)
	if status != http.StatusOK || word(again, "status") != "error" || again["tries"] != 2.0 {
		t.Errorf("tried again: %d %v", status, again)
	}
	if status, got := g.get(t, g.sre, path); status != http.StatusOK || fmt.Sprint(got) != fmt.Sprint(again) {
		t.Errorf("read: %d %v", status, got)
	}
	if status, p := g.ask(t, g.cis, http.MethodPost, "/v1/contact-tasks/1999999999/retry", nil, nil); status != http.StatusNotFound {
		t.Errorf("a task nobody knows: %d %v", status, p)
	}
	// An administrator lets service orders be contacts of nobody: then it can be made.
	g.configure(t, 1, func(d map[string]any) {
		for _, k := range objects(d, "types") {
			if word(k, "code") == "SERVICE" {
				k["person"] = "optional"
			}
		}
	})
	status, done := g.ask(t, g.cis, http.MethodPost, path+"/retry", nil, nil)
	if status != http.StatusOK || word(done, "status") != "completed" || len(word(done, "contact")) != 10 {
		t.Errorf("%d %v", status, done)
	}
	if status, p := g.ask(t, g.cis, http.MethodPost, path+"/retry", nil, nil); status != http.StatusConflict {
		t.Errorf("a completed task again: %d %v", status, p)
	}
	if _, answer := g.raise(t, e); word(objects(answer, "made")[0], "contact") != word(done, "contact") {
		t.Errorf("the event tells of %v", answer)
	}
}

// configure changes the configuration of a version.
func (g *instance) configure(t *testing.T, version int, change func(d map[string]any)) {
	t.Helper()
	status, d := g.get(t, g.sre, "/v1/config")
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, d)
	}
	change(d)
	status, p := g.ask(t, g.sre, http.MethodPut, "/v1/config", map[string]string{"If-Match": fmt.Sprintf(`"%d"`, version)}, d)
	if status >= http.StatusMultipleChoices {
		t.Fatalf("configuring: %d %v", status, p)
	}
}

// unplugged proves that an event makes no contact, and says so, when nothing hangs on its object.
func (g *instance) unplugged(t *testing.T) {
	t.Helper()
	before, _ := count(t, g)
	g.configure(t, 2, func(d map[string]any) {
		delete(d, "plugs")
		var owners []any
		for _, o := range objects(d, "owners") {
			if o["kind"] == "workflow_process_template" {
				continue // it names a contact or is none
			}
			if o["kind"] != "lead_event_type" && o["kind"] != "service_task_type" {
				delete(o, "contact")
			}
			owners = append(owners, o)
		}
		d["owners"] = owners
	})
	for _, kind := range occurrence.Kinds() {
		e := happening(t, kind)
		e["object"] = "UNPLUGGED"
		status, answer := g.raise(t, e)
		for _, m := range objects(answer, "made") {
			want := "unplugged"
			switch {
			case kind == occurrence.KindWorkflow:
				want = "not configured"
			case strings.HasPrefix(made()[kind][0], " "):
				want = "the rule has no contact"
			}
			if word(m, "skipped") != want || m["contact"] != nil {
				t.Errorf("%s: %v, want %q", kind, m, want)
			}
		}
		if status != http.StatusAccepted || len(objects(answer, "made")) != len(made()[kind]) {
			t.Errorf("%s: %d %v", kind, status, answer)
		}
	}
	if after, _ := count(t, g); after != before {
		t.Errorf("%d contacts came of what is unplugged", after-before)
	}
}

// scripts runs the scripts as services.
func (g *instance) scripts(t *testing.T) {
	t.Helper()
	run := func(code, key string, body map[string]any) (int, map[string]any) {
		return g.ask(t, g.cis, http.MethodPost, "/v1/scripts/"+code, map[string]string{"Idempotency-Key": key}, body)
	}
	contact := map[string]any{"division": "NORTH", "class": "FLD", "type": "METERREAD", "account": "4000000001", "person": "1000000002", "comments": "made by a service"}
	bodies := map[string]map[string]any{
		"C1-CreCsCt": contact, "C1-CreateCC": happening(t, occurrence.KindTask), "C1-LECCreCC": happening(t, occurrence.KindLead),
		"C2M-AdjFrCC": happening(t, occurrence.KindAdjustment), "C1-ExpCardLe": happening(t, occurrence.KindCard),
	}
	for code, body := range bodies {
		if code != "C1-CreCsCt" {
			delete(body, "event")
			body["object"] = "SCRIPT-" + code
		}
		if code == "C1-CreateCC" {
			delete(body, "object") // the key names the task
		}
		status, first := run(code, "night-"+code, body)
		if status != http.StatusAccepted || word(first, "script") != code || len(word(first, "contact")) != 10 {
			t.Errorf("%s: %d %v", code, status, first)
		}
		status, again := run(code, "night-"+code, body)
		if status != http.StatusAccepted || fmt.Sprint(again) != fmt.Sprint(first) {
			t.Errorf("%s again: %d %v, first was %v", code, status, again, first)
		}
		if (word(first, "task") != "") != (code == "C1-CreateCC") {
			t.Errorf("%s: task %q", code, word(first, "task"))
		}
		body["frobnicate"] = true
		if status, p := run(code, "wrong-"+code, body); status != http.StatusUnprocessableEntity || word(objects(p, "errors")[0], "field") != "/frobnicate" {
			t.Errorf("%s with an unknown field: %d %v", code, status, p)
		}
	}
	if status, p := run("C1-CREATECC", "x", contact); status != http.StatusUnprocessableEntity {
		t.Errorf("the algorithm is no script: %d %v", status, p)
	}
	other := happening(t, occurrence.KindAdjustment)
	delete(other, "event")
	other["object"] = "SCRIPT-OTHER"
	if status, p := run("C2M-AdjFrCC", "night-C2M-AdjFrCC", other); status != http.StatusConflict {
		t.Errorf("another adjustment under a key that is taken: %d %v", status, p)
	}
}
