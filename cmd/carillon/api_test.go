package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/message"
)

// shut is a window of an hour that lies half a day away from now, in both divisions.
func shut(d *config.Document) {
	zone, err := time.LoadLocation(d.Divisions[0].Zone)
	if err != nil {
		panic(err)
	}
	hour := (time.Now().In(zone).Hour() + 12) % 24
	opens := time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC)
	closes := opens.Add(59 * time.Minute).Format("15:04")
	for i := range d.Divisions {
		d.Divisions[i].Windows = map[message.Channel]consent.Window{
			message.SMS: {Opens: consent.Clock(opens.Format("15:04")), Closes: consent.Clock(closes)},
		}
	}
}

// count is how many contacts and messages the ledger knows.
func count(t *testing.T, g *instance) (contacts, messages int) {
	t.Helper()
	f := newFollower()
	f.read(t, g)
	return len(f.accepted), len(f.moved)
}

func TestContactsByCurl(t *testing.T) {
	t.Parallel()
	sims := simulate(t, within)
	store := t.TempDir() + "/carillon.db"
	g := &instance{store: store}
	north, other, csr := g.key(t, "cis", "cis", "NORTH"), g.key(t, "billing", "cis", "NORTH", "SOUTH"), g.key(t, "desk", "csr", "SOUTH")
	g = serve(t, within, store, configFile(t, shut), sims, allowed()...)

	request := contactOf(aText, "NORTH", "CURL", 1)
	post := func(t *testing.T, key, idempotency, query string, body any) (int, map[string]any) {
		t.Helper()
		header := map[string]string{"Idempotency-Key": idempotency}
		return g.ask(t, key, http.MethodPost, "/v1/contacts"+query, header, body)
	}
	status, first := post(t, g.cis, "curl-1", "", request)
	if status != http.StatusAccepted || len(word(first, "contact")) != 10 || len(objects(first, "messages")) != 1 {
		t.Fatalf("posting: %d %v", status, first)
	}
	contact := word(first, "contact")

	t.Run("read it back", func(t *testing.T) {
		status, got := g.get(t, g.cis, "/v1/contacts/"+contact)
		if status != http.StatusOK || word(got, "reference") != "CURL-000001" || word(got, "division") != "NORTH" || word(got, "source") != "cis" {
			t.Fatalf("%d %v", status, got)
		}
		steps := objects(got, "steps")
		if len(steps) != 3 || steps[0]["started"] != true || steps[1]["started"] != false {
			t.Errorf("the plan is %v", steps)
		}
		m := objects(got, "messages")[0]
		if m["channel"] != "sms" || m["attempts"] != 0.0 || m["outcome"] != "pending" {
			t.Errorf("the message is %v", m)
		}
		if address := word(m["recipient"].(map[string]any), "address"); strings.Contains(address, "55501") {
			t.Errorf("the address is not masked: %s", address)
		}
		eventually(t, 5*time.Second, "the message waits for its window", func() bool {
			_, m = g.get(t, g.cis, "/v1/messages/"+word(m, "id"))
			waiting, _ := m["waiting"].(map[string]any)
			until, err := time.Parse(time.RFC3339, word(waiting, "until"))
			return word(waiting, "reason") == "window" && err == nil && time.Until(until) > 9*time.Hour
		})
	})
	t.Run("letter waits for its run", func(t *testing.T) {
		status, answer := post(t, g.cis, "curl-letter", "", contactOf(aLetter, "NORTH", "CURL", 2))
		if status != http.StatusAccepted {
			t.Fatalf("%d %v", status, answer)
		}
		m := g.messages(t, word(answer, "contact"))[0]
		if waiting, _ := m["waiting"].(map[string]any); word(waiting, "reason") != "letter_run" {
			t.Errorf("it waits: %v", m)
		}
	})
	t.Run("look it up by its reference", func(t *testing.T) {
		status, got := g.get(t, g.cis, "/v1/contacts?reference=CURL-000001")
		if status != http.StatusOK || word(got, "id") != contact {
			t.Errorf("%d %v", status, got)
		}
		if status, got = g.get(t, g.cis, "/v1/contacts?reference=NOBODY"); status != http.StatusNotFound {
			t.Errorf("a reference nobody posted: %d %v", status, got)
		}
	})
	t.Run("post it again", func(t *testing.T) {
		contacts, messages := count(t, g)
		status, again := post(t, g.cis, "curl-1", "", request)
		if status != http.StatusAccepted || word(again, "contact") != contact || word(again, "acceptedAt") != word(first, "acceptedAt") {
			t.Errorf("%d %v, first was %v", status, again, first)
		}
		if c, m := count(t, g); c != contacts || m != messages {
			t.Errorf("there are %d contacts and %d messages, there were %d and %d", c, m, contacts, messages)
		}
	})
	t.Run("another request under its key", func(t *testing.T) {
		changed := maps.Clone(request)
		changed["account"] = "NF-OTHER"
		status, p := post(t, g.cis, "curl-1", "", changed)
		if status != http.StatusConflict || word(p, "type") != "urn:carillon:problem:conflict" {
			t.Errorf("%d %v", status, p)
		}
		if status, p = post(t, g.cis, "curl-1b", "", changed); status != http.StatusConflict {
			t.Errorf("another request under its reference: %d %v", status, p)
		}
	})
	t.Run("validate only", func(t *testing.T) {
		eventually(t, 5*time.Second, "the ledger shows what was posted", func() bool { c, _ := count(t, g); return c == 2 })
		valid := contactOf(aText, "NORTH", "CURL", 3)
		status, p := post(t, g.cis, "curl-3", "?validate=only", valid)
		if status != http.StatusOK || p["valid"] != true || len(objects(p, "messages")) != 1 {
			t.Errorf("%d %v", status, p)
		}
		if status, p = g.get(t, g.cis, "/v1/contacts?reference=CURL-000003"); status != http.StatusNotFound {
			t.Errorf("it is there: %d %v", status, p)
		}
		changed := maps.Clone(valid)
		changed["account"] = "NF-OTHER"
		if status, p = post(t, g.cis, "curl-3", "?validate=only", changed); status != http.StatusOK {
			t.Errorf("its key was kept: %d %v", status, p)
		}
	})
	t.Run("rubbish", func(t *testing.T) {
		rubbish := map[string]any{
			"division": "NORTH", "class": "BILL", "type": "PAYREMIND", "fax": "no", "person": "12", "expiresAt": "tomorrow",
			"recipient": map[string]any{"name": []string{}, "phone": "call me", "postal": map[string]any{"line1": "1", "country": "USA!"}},
		}
		status, p := post(t, g.cis, "curl-4", "", rubbish)
		if status != http.StatusUnprocessableEntity || word(p, "type") != "urn:carillon:problem:invalid" {
			t.Fatalf("%d %v", status, p)
		}
		var fields []string
		for _, e := range objects(p, "errors") {
			fields = append(fields, word(e, "field"))
		}
		for _, want := range []string{"/fax", "/person", "/expiresAt", "/recipient/name", "/recipient/phone", "/recipient/postal/city", "/recipient/postal/country"} {
			if !slices.Contains(fields, want) {
				t.Errorf("%s is not named: %v", want, fields)
			}
		}
		meaningless := contactOf(aText, "NORTH", "CURL", 5)
		meaningless["type"], meaningless["division"] = "NOSUCH", "WEST"
		if status, p = post(t, g.cis, "curl-5", "", meaningless); status < 400 || status > 422 {
			t.Errorf("an unknown type: %d %v", status, p)
		}
		incomplete := contactOf(aText, "NORTH", "CURL", 6)
		incomplete["data"] = map[string]any{"amount": "$1.00"}
		status, p = post(t, g.cis, "curl-6", "", incomplete)
		if status != http.StatusUnprocessableEntity || len(objects(p, "errors")) == 0 || !strings.Contains(word(objects(p, "errors")[0], "field"), "due") {
			t.Errorf("a value that the template misses: %d %v", status, p)
		}
		if contacts, messages := count(t, g); contacts != 2 || messages != 2 {
			t.Errorf("there are %d contacts and %d messages", contacts, messages)
		}
	})
	t.Run("who may", func(t *testing.T) {
		if status, p := post(t, "", "curl-7", "", contactOf(aText, "NORTH", "CURL", 7)); status != http.StatusUnauthorized {
			t.Errorf("without a key: %d %v", status, p)
		}
		if status, p := post(t, "crl_nobody", "curl-7", "", contactOf(aText, "NORTH", "CURL", 7)); status != http.StatusUnauthorized {
			t.Errorf("with an unknown key: %d %v", status, p)
		}
		if status, p := post(t, g.call, "curl-7", "", contactOf(aText, "NORTH", "CURL", 7)); status != http.StatusForbidden {
			t.Errorf("with a dialer's key: %d %v", status, p)
		}
		if status, p := post(t, north, "curl-7", "", contactOf(aText, "SOUTH", "CURL", 7)); status != http.StatusForbidden {
			t.Errorf("for another division: %d %v", status, p)
		}
		if status, p := g.get(t, g.cis, "/v1/config"); status != http.StatusForbidden {
			t.Errorf("the configuration for a CIS: %d %v", status, p)
		}
		for who, key := range map[string]string{"another source": other, "another division": csr} {
			if status, p := g.get(t, key, "/v1/contacts/"+contact); status != http.StatusNotFound {
				t.Errorf("%s reads it: %d %v", who, status, p)
			}
		}
		if status, p := g.get(t, north, "/v1/contacts/"+contact); status != http.StatusOK {
			t.Errorf("its own division and source: %d %v", status, p)
		}
	})
	if n := len(readRecords(t, sims.records, "sns")); slices.ContainsFunc(readRecords(t, sims.records, "sns"), func(r record) bool { return r.Op == "publish" }) {
		t.Errorf("somebody was texted at night: %d records", n)
	}
}

func TestNobodyReachedFromATestSystem(t *testing.T) {
	t.Parallel()
	sims := simulate(t, within)
	g := serve(t, within, t.TempDir()+"/carillon.db", configFile(t, nil), sims, "--environment", "staging", "--allow", "customerALLOW-*@example.com")
	var contacts []string
	for i, kind := range []string{aText, anEmail, aCall} {
		contacts = append(contacts, g.post(t, kind, contactOf(kind, "NORTH", "BARRED", i)))
	}
	reached := g.post(t, "allowed", contactOf(anEmail, "NORTH", "ALLOW", 9))
	for _, c := range contacts {
		m := g.first(t, c, "suppressed", 20*time.Second)
		if !slices.ContainsFunc(objects(m, "evidence"), func(e map[string]any) bool { return e["reason"] == "not_on_allow_list" && e["kind"] == "suppressed" }) {
			t.Errorf("it does not say why: %v", m)
		}
		if m["attempts"] != 0.0 {
			t.Errorf("attempts were spent: %v", m)
		}
	}
	g.first(t, reached, "delivered", 20*time.Second)
	g.letters(t)
	f := newFollower()
	f.settle(t, g, 4, 20*time.Second) // the steps that followed were suppressed as well
	for _, name := range []string{"sns", "ses", "dialer", "dms"} {
		for _, r := range readRecords(t, sims.records, name) {
			if r.Op == "publish" || r.Op == "dial" || r.Op == "lease" || r.Op == "letter" || r.Op == "send" && !strings.HasPrefix(r.To[0], "customerALLOW-") {
				t.Errorf("somebody was reached: %+v", r)
			}
		}
	}
}
