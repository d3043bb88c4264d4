package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/ledger"
	"carillon/core/message"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 7, 0, 0, 123_456_789, time.FixedZone("east", -5*3600))
	full := ledger.Entry{
		At: at, Kind: ledger.MessageMoved, Source: "cis", Division: "north", Contact: 1_000_000_001, Reference: `A<&>"1`,
		Person: 42, Account: "acct-1", Message: message.NewID(at, [10]byte{1, 2, 3}), Channel: message.SMS,
		Place: message.AtDelivered, Step: 2, Reason: "x", Code: "200", By: "sns", Run: 7, Config: 3,
	}
	for _, row := range []struct {
		says  string
		entry ledger.Entry
		want  string
	}{
		{
			"of everything has every field, in order, in UTC, with microseconds", full,
			`{"v":1,"at":"2026-03-02T12:00:00.123456Z","kind":"message.moved","source":"cis","division":"north","contact":"1000000001",` +
				`"reference":"A\u003c\u0026\u003e\"1","person":"0000000042","account":"acct-1","message":"019cae6b-667b-7102-8300-000000000000",` +
				`"channel":"sms","outcome":"delivered","step":2,"reason":"x","code":"200","by":"sns","run":7,"config":3}`,
		},
		{
			"leaves out what does not apply",
			ledger.Entry{At: at, Kind: ledger.LanePaused, By: "sre"},
			`{"v":1,"at":"2026-03-02T12:00:00.123456Z","kind":"lane.paused","by":"sre"}`,
		},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			if got := row.entry.Canonical(); got != row.want {
				t.Errorf("\n got %s\nwant %s", got, row.want)
			}
		})
	}
	t.Run("is always the same for the same entry, and always JSON", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			e := ledger.Entry{
				At: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")), Kind: ledger.StepStarted, Reason: rapid.String().Draw(t, "reason"),
				Reference: rapid.String().Draw(t, "reference"), Contact: contact.ID(rapid.Int64Range(0, 9e9).Draw(t, "contact")),
			}
			moved := e
			moved.At = e.At.In(time.FixedZone("far", 9*3600))
			var back map[string]any
			if e.Canonical() != moved.Canonical() || json.Unmarshal([]byte(e.Canonical()), &back) != nil {
				t.Fatal(e.Canonical())
			}
		})
	})
}

// TestEntryHoldsNoPerson: an entry names persons by number; there is no field that could carry an address or a name.
func TestEntryHoldsNoPerson(t *testing.T) {
	t.Parallel()
	var fields map[string]any
	whole := ledger.Entry{
		At: time.Unix(0, 0), Kind: "k", Source: "s", Division: "d", Contact: 1, Reference: "r", Person: 1, Account: "a", Channel: "sms",
		Message: message.ID{1}, Place: message.Pending, Step: 1, Reason: "r", Code: "c", By: "b", Run: 1, Config: 1,
	}
	if err := json.Unmarshal([]byte(whole.Canonical()), &fields); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		switch name {
		case "v", "at", "kind", "source", "division", "contact", "reference", "person", "account", "message", "channel", "outcome",
			"step", "reason", "code", "by", "run", "config":
		default:
			t.Errorf("a new field %s: may it hold personal content?", name)
		}
	}
	if len(fields) != 18 {
		t.Errorf("%d fields", len(fields))
	}
	if fields["person"] != customer.PersonID(1).String() {
		t.Error("a person is not its number")
	}
}
