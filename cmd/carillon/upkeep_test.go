package main

import (
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// TestDrift: a counter that is wrong is seen by the chore, in the metric, and by doctor, in the hour.
func TestDrift(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	now := clock()
	w := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.Add(-3 * time.Hour), Channel: message.Email})
	w.Counts[0].Delta += 2
	if _, err := a.store.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	r := &batch.Recounter{Store: a.store, Facts: a.store, By: "one", Back: 48 * time.Hour}
	if err := a.recount(t.Context(), now, r); err != nil {
		t.Fatal(err)
	}
	all := families(t, a)
	if got := gauge(all["carillon_conservation_drift_messages"], "email"); got != 2 {
		t.Errorf("the metric says %v, want 2", got)
	}
	if got := gauge(all["carillon_conservation_drift_messages"], "sms"); got != 0 {
		t.Errorf("the metric of texts says %v", got)
	}
	if got := all["carillon_conservation_recounted_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue(); got != float64(now.Unix()) {
		t.Errorf("recounted at %v", got)
	}
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := command(t, "doctor", "--store", a.settings.Store, "--hours", "5")
	if code != 1 || !strings.Contains(out, "1 of 5 hours differ") || !strings.Contains(out, "accepted") {
		t.Errorf("doctor --hours: status %d\n%s%s", code, out, errOut)
	}
	if code, out, _ := command(t, "doctor", "--store", a.settings.Store, "--hours", "2"); code != 0 || !strings.Contains(out, "0 of 2 hours differ") {
		t.Errorf("doctor --hours 2: status %d\n%s", code, out)
	}
}

// gauge is the value of the series whose one label has the value.
func gauge(f *dto.MetricFamily, label string) float64 {
	for _, m := range f.GetMetric() {
		if len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
			return m.GetGauge().GetValue()
		}
	}
	return -1
}

// TestPurgeChore takes away what is older than its window, and only that.
func TestPurgeChore(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	now := clock()
	old := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.AddDate(-2, 0, 0)})
	young := porttest.NewAcceptance(porttest.NewRand(2), porttest.Given{At: now.AddDate(-1, 0, 0)})
	if _, err := a.store.Apply(t.Context(), old, young); err != nil {
		t.Fatal(err)
	}
	if _, err := a.purge(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	known := func(w store.Writes) bool {
		_, err := a.store.Key(t.Context(), w.Keys[0].Kind, w.Keys[0].Source, w.Keys[0].Key)
		return err == nil
	}
	if known(old) || !known(young) {
		t.Errorf("the old key is known: %t; the young one: %t", known(old), known(young))
	}
}

func TestKeepSettings(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, row := range []struct {
		says string
		keep KeepSettings
		want string // in the error; empty: none
	}{
		{"nothing said", KeepSettings{}, ""},
		{"a year, and seven for the ledger", KeepSettings{Retention: 365 * day, LedgerRetention: 7 * 365 * day}, ""},
		{"a week", KeepSettings{Retention: 7 * day}, "retention: "},
		{"the ledger shorter than messages", KeepSettings{Retention: 365 * day, LedgerRetention: 364 * day}, "ledger-retention: "},
		{"messages for ever, the ledger not", KeepSettings{LedgerRetention: 365 * day}, "ledger-retention: "},
		{"keys for a day", KeepSettings{KeyWindow: day}, "key-window: "},
	} {
		err := row.keep.validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.says, err)
		}
	}
}

// TestRetireChore takes away what is older than its retention, but for what is held.
func TestRetireChore(t *testing.T) {
	t.Parallel()
	a := operated(t, func(s *Settings) { s.Keep.Retention = 60 * 24 * time.Hour })
	now := clock()
	r := porttest.NewRand(1)
	old, held, young := porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(-1, 0, 0)}),
		porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(-1, 0, 0)}), porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(0, 0, -1)})
	hold := store.Hold{Number: 1, Kind: store.HoldAccount, Subject: held.Contacts[0].Account, Reason: "case", By: "counsel", At: now}
	for _, w := range []store.Writes{old, held, young, {Holds: []store.Hold{hold}}} {
		w.Dues, w.Deadlines = nil, nil
		if _, err := a.store.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.retire(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for says, row := range map[string]struct {
		w    store.Writes
		want bool
	}{"old": {old, false}, "held": {held, true}, "young": {young, true}} {
		if _, err := a.store.Contact(t.Context(), row.w.Contacts[0].ID); (err == nil) != row.want {
			t.Errorf("what is %s: %v", says, err)
		}
	}
}
