package consent_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestGate is the table of the gate, one sentence a row.
func TestGate(t *testing.T) {
	t.Parallel()
	newYork, losAngeles := zone(t, "America/New_York"), zone(t, "America/Los_Angeles")
	day := time.Date(2026, time.June, 10, 12, 0, 0, 0, newYork)
	night := time.Date(2026, time.June, 10, 22, 0, 0, 0, newYork)
	morning := time.Date(2026, time.June, 11, 8, 0, 0, 0, newYork)
	everyone := consent.Allow{Everyone: true}
	hours := consent.Window{Opens: "08:00", Closes: "21:00"}
	stop := []consent.Suppression{{Reason: "stop_received"}}
	type given struct {
		now   time.Time
		m     message.Message
		facts consent.Facts
		rules consent.Rules
	}
	sms := message.Message{Channel: message.SMS, Urgency: message.Service, Division: "north", Recipient: customer.Recipient{Address: "+12125550123"}}
	for _, row := range []struct {
		says   string
		change func(*given)
		want   consent.Verdict
	}{
		{"lets a message pass by day", func(*given) {}, consent.Verdict{Pass: true}},
		{"makes a message wait for the morning", func(g *given) { g.now = night }, consent.Verdict{Wait: morning}},
		{"lets an emergency pass at night", func(g *given) { g.now, g.m.Urgency = night, message.Emergency }, consent.Verdict{Pass: true}},
		{"makes a regulatory message wait like any other", func(g *given) { g.now, g.m.Urgency = night, message.Regulatory }, consent.Verdict{Wait: morning}},
		{"lets a letter pass at night", func(g *given) { g.now, g.m.Channel = night, message.Letter }, consent.Verdict{Pass: true}},
		{"lets the answer to a STOP pass at night", func(g *given) { g.now, g.m.Origin.Kind = night, message.FromReply }, consent.Verdict{Pass: true}},
		{"lets a message pass when the window never closes", func(g *given) { g.now, g.rules.Window = night, consent.Window{} }, consent.Verdict{Pass: true}},
		{"lets a message pass when nothing is known of zones", func(g *given) { g.now, g.rules.Zones = night, nil }, consent.Verdict{Pass: true}},
		{"waits until the window is open in every zone the recipient may be in", func(g *given) {
			g.now, g.rules.Zones = day.Add(-3*time.Hour), []*time.Location{newYork, losAngeles}
		}, consent.Verdict{Wait: time.Date(2026, time.June, 10, 8, 0, 0, 0, losAngeles)}},
		{"waits until tomorrow when one zone has closed before the other opens", func(g *given) {
			g.now, g.rules.Zones = night, []*time.Location{losAngeles, newYork}
		}, consent.Verdict{Wait: time.Date(2026, time.June, 11, 8, 0, 0, 0, losAngeles)}},
		{"suppresses what can never be sent in all its zones", func(g *given) {
			g.rules.Window = consent.Window{Opens: "08:00", Closes: "09:00"}
			g.rules.Zones = []*time.Location{newYork, losAngeles}
		}, consent.Verdict{Suppress: "window_never_open"}},

		{"suppresses who said STOP", func(g *given) { g.facts.Suppressions = stop }, consent.Verdict{Suppress: "stop_received"}},
		{"suppresses who said STOP even in an emergency", func(g *given) {
			g.facts.Suppressions, g.m.Urgency = stop, message.Emergency
		}, consent.Verdict{Suppress: "stop_received"}},
		{"suppresses rather than waits", func(g *given) { g.now, g.facts.Suppressions = night, stop }, consent.Verdict{Suppress: "stop_received"}},
		{"suppresses rather than lets expire", func(g *given) {
			g.m.ExpiresAt, g.facts.Suppressions = g.now, stop
		}, consent.Verdict{Suppress: "stop_received"}},
		{"answers a STOP once although it suppresses", func(g *given) {
			g.m.Origin.Kind, g.facts.Suppressions = message.FromReply, stop
		}, consent.Verdict{Pass: true}},
		{"obeys a suppression of the message's own division", func(g *given) {
			g.facts.Suppressions = []consent.Suppression{{Division: "north", Reason: "listed"}}
		}, consent.Verdict{Suppress: "listed"}},
		{"passes over a suppression of another division", func(g *given) {
			g.facts.Suppressions = []consent.Suppression{{Division: "south", Reason: "listed"}}
		}, consent.Verdict{Pass: true}},
		{"suppresses when the contact point is gone", func(g *given) { g.facts.PointGone = true }, consent.Verdict{Suppress: "no_contact_point"}},
		{"suppresses when the contact point does not work", func(g *given) { g.facts.Undeliverable = true }, consent.Verdict{Suppress: "undeliverable"}},
		{"does not answer a number that does not work", func(g *given) {
			g.facts.Undeliverable, g.m.Origin.Kind = true, message.FromReply
		}, consent.Verdict{Suppress: "undeliverable"}},

		{"expires a message whose time has passed", func(g *given) { g.m.ExpiresAt = g.now }, consent.Verdict{Expire: true}},
		{"expires an emergency too", func(g *given) { g.m.ExpiresAt, g.m.Urgency = g.now, message.Emergency }, consent.Verdict{Expire: true}},
		{"lets a message pass a moment before it expires", func(g *given) { g.m.ExpiresAt = g.now.Add(1) }, consent.Verdict{Pass: true}},
		{"suppresses when the window opens only at the expiry", func(g *given) { g.now, g.m.ExpiresAt = night, morning }, consent.Verdict{Suppress: "window_closed"}},
		{"waits when the window opens just before the expiry", func(g *given) { g.now, g.m.ExpiresAt = night, morning.Add(1) }, consent.Verdict{Wait: morning}},

		{"reaches nobody from a test system", func(g *given) { g.rules.Allow = consent.Allow{} }, consent.Verdict{Suppress: "not_on_allow_list"}},
		{"reaches nobody from a test system in an emergency", func(g *given) {
			g.rules.Allow, g.m.Urgency = consent.Allow{}, message.Emergency
		}, consent.Verdict{Suppress: "not_on_allow_list"}},
		{"answers nobody from a test system", func(g *given) {
			g.rules.Allow, g.m.Origin.Kind = consent.Allow{}, message.FromReply
		}, consent.Verdict{Suppress: "not_on_allow_list"}},
		{"reaches who is on the list of a test system", func(g *given) {
			g.rules.Allow = consent.Allow{Entries: []string{"+1212555*"}}
		}, consent.Verdict{Pass: true}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			g := given{now: day, m: sms, rules: consent.Rules{Window: hours, Zones: []*time.Location{newYork}, Allow: everyone}}
			row.change(&g)
			got := consent.Gate(g.now, g.m, g.facts, g.rules)
			if !got.Wait.Equal(row.want.Wait) {
				t.Errorf("waits until %s, want %s", got.Wait, row.want.Wait)
			}
			got.Wait, row.want.Wait = time.Time{}, time.Time{}
			if got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	to := func(c message.Channel, address customer.Address, account string, person customer.PersonID) message.Message {
		return message.Message{Channel: c, Account: account, Recipient: customer.Recipient{Address: address, Person: person}}
	}
	for _, row := range []struct {
		says    string
		entries []string
		m       message.Message
		want    bool
	}{
		{"a number matches itself", []string{"+12125550123"}, to(message.SMS, "+12125550123", "", 0), true},
		{"a number does not match a longer one", []string{"+1212555012"}, to(message.SMS, "+12125550123", "", 0), false},
		{"a pattern matches its numbers", []string{"+1555*"}, to(message.Voice, "+15550001", "", 0), true},
		{"a pattern does not match others", []string{"+1555*"}, to(message.Voice, "+15650001", "", 0), false},
		{"a domain matches its addresses, without case", []string{"*@Example.COM"}, to(message.Email, "Jane@example.com", "", 0), true},
		{"a domain does not match one that ends like it", []string{"*@example.com"}, to(message.Email, "jane@example.com.evil.org", "", 0), false},
		{"a letter matches by its account", []string{"account:A-1*"}, to(message.Letter, "{}", "a-17", 0), true},
		{"a letter matches by its person", []string{"person:0000000042"}, to(message.Letter, "{}", "", 42), true},
		{"a letter does not match by its address", []string{"{}", "*@*"}, to(message.Letter, "{}", "a-17", 42), false},
		{"a letter without an account is none of any account", []string{"account:*"}, to(message.Letter, "{}", "", 42), false},
		{"a letter without a person is none of any person", []string{"person:*"}, to(message.Letter, "{}", "a-17", 0), false},
		{"a text does not match by its account", []string{"account:a-17"}, to(message.SMS, "+12125550123", "a-17", 0), false},
		{"a pattern that is none matches nothing", []string{"[", "+12125550123"}, to(message.SMS, "[", "", 0), false},
		{"no entry matches nobody", nil, to(message.SMS, "+12125550123", "", 0), false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			if got := (consent.Allow{Entries: row.entries}).Permits(row.m); got != row.want {
				t.Errorf("permits: %t", got)
			}
			if !(consent.Allow{Everyone: true}).Permits(row.m) {
				t.Error("production does not reach everyone")
			}
		})
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[consent.Clock]int{"00:00": 0, "08:00": 480, "21:30": 1290, "24:00": 1440} {
		if got, ok := text.Minutes(); !ok || got != want {
			t.Errorf("%s is %d", text, got)
		}
	}
	for _, text := range []consent.Clock{"", "8:00", "08:0", "08-00", "24:01", "08:60", "25:00", "-1:00", "08:+1", "ab:cd", "08:00:00"} {
		if _, ok := text.Minutes(); ok {
			t.Errorf("%q is a time of day", text)
		}
	}
}

func TestWindowValidate(t *testing.T) {
	t.Parallel()
	for _, good := range []consent.Window{{}, {Opens: "08:00", Closes: "21:00"}, {Opens: "00:00", Closes: "24:00"}} {
		if err := good.Validate(); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range []consent.Window{{Opens: "08:00"}, {Closes: "08:00"}, {Opens: "21:00", Closes: "08:00"}, {Opens: "08:00", Closes: "08:00"}} {
		if !fault.Is(bad.Validate(), fault.Invalid) {
			t.Errorf("takes %v", bad)
		}
	}
}

// TestDaylightSaving: the hours are those of the wall clock on days that have 23 or 25 of them.
func TestDaylightSaving(t *testing.T) {
	t.Parallel()
	newYork := zone(t, "America/New_York")
	hours := consent.Window{Opens: "08:00", Closes: "21:00"}
	for _, row := range []struct {
		says      string
		now, want time.Time
	}{
		{"spring forward", time.Date(2026, time.March, 7, 21, 0, 0, 0, newYork), time.Date(2026, time.March, 8, 12, 0, 0, 0, time.UTC)},
		{"fall back", time.Date(2026, time.October, 31, 21, 0, 0, 0, newYork), time.Date(2026, time.November, 1, 13, 0, 0, 0, time.UTC)},
		{"the hour that comes twice", time.Date(2026, time.November, 1, 6, 30, 0, 0, time.UTC), time.Date(2026, time.November, 1, 13, 0, 0, 0, time.UTC)},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			if got, ok := hours.Open(row.now, []*time.Location{newYork}); !ok || !got.Equal(row.want) {
				t.Errorf("opens at %s, want %s", got, row.want)
			}
		})
	}
}

func TestShuts(t *testing.T) {
	t.Parallel()
	newYork, losAngeles := zone(t, "America/New_York"), zone(t, "America/Los_Angeles")
	noon := time.Date(2026, time.June, 10, 12, 0, 0, 0, newYork)
	hours := consent.Window{Opens: "08:00", Closes: "21:00"}
	if got := hours.Shuts(noon, []*time.Location{losAngeles, newYork}); !got.Equal(noon.Add(9 * time.Hour)) {
		t.Errorf("shuts at %s, not when the first zone closes", got)
	}
	if got := (consent.Window{}).Shuts(noon, []*time.Location{newYork}); !got.IsZero() {
		t.Errorf("what never closes shuts at %s", got)
	}
	if got := (consent.Window{Opens: "08:00", Closes: "24:00"}).Shuts(noon, []*time.Location{newYork}); !got.Equal(noon.Add(12 * time.Hour)) {
		t.Errorf("midnight is %s", got)
	}
}

// TestWaitIsOpen: whenever the gate says wait, the window is open then in every zone, and it was not before; when it
// says never, no quarter of an hour of the next two days is open.
func TestWaitIsOpen(t *testing.T) {
	t.Parallel()
	names := []string{
		"America/New_York", "America/Los_Angeles", "America/St_Johns", "Pacific/Honolulu", "Pacific/Guam", "Europe/Dublin",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "America/Phoenix", "Pacific/Kiritimati", "UTC",
	}
	all := make([]*time.Location, len(names))
	for i, n := range names {
		all[i] = zone(t, n)
	}
	rapid.Check(t, func(t *rapid.T) {
		opens := rapid.IntRange(4*4, 23*4).Draw(t, "opens") // not in the hours in which clocks are turned
		closes := rapid.IntRange(opens+1, 24*4).Draw(t, "closes")
		w := consent.Window{Opens: clock(opens), Closes: clock(closes)}
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(1_767_225_600, 1_798_761_600).Draw(t, "now"), 0) // 2026
		zones := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 6, (*time.Location).String).Draw(t, "zones")
		m := message.Message{Channel: message.SMS, Urgency: message.Service}
		v := consent.Gate(now, m, consent.Facts{}, consent.Rules{Window: w, Zones: zones, Allow: consent.Allow{Everyone: true}})
		switch {
		case v.Pass:
			if !open(now, zones, opens, closes) {
				t.Fatalf("passes at %s in %v, %v", now, zones, w)
			}
		case !v.Wait.IsZero():
			if !v.Wait.After(now) || !open(v.Wait, zones, opens, closes) {
				t.Fatalf("waits until %s in %v, %v", v.Wait, zones, w)
			}
			for at := now; at.Before(v.Wait); at = at.Add(15 * time.Minute) {
				if open(at, zones, opens, closes) {
					t.Fatalf("waits until %s and could have begun at %s in %v, %v", v.Wait, at, zones, w)
				}
			}
		default:
			for at := now; at.Before(now.Add(36 * time.Hour)); at = at.Add(15 * time.Minute) {
				if open(at, zones, opens, closes) {
					t.Fatalf("never opens, and is open at %s in %v, %v", at, zones, w)
				}
			}
		}
	})
}

func clock(quarters int) consent.Clock {
	two := func(n int) string { return strings.Repeat("0", 2-len(digits(n))) + digits(n) }
	return consent.Clock(two(quarters/4) + ":" + two(quarters%4*15))
}

func digits(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return string(rune('0'+n/10)) + string(rune('0'+n%10))
}

// open is the window told by the wall clock alone.
func open(at time.Time, zones []*time.Location, opens, closes int) bool {
	for _, z := range zones {
		local := at.In(z)
		minutes := local.Hour()*60 + local.Minute()
		if minutes < opens*15 || minutes >= closes*15 {
			return false
		}
	}
	return true
}
