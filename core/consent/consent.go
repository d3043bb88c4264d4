// Package consent decides whether a contact point may be reached, here and now: the gate. It reads
// suppressions (STOP received, complaint, do-not-call, the suppression list), the state of the contact point,
// quiet hours in the recipient's zones, and outside production the environment's allow-list.
package consent

import (
	"path"
	"strings"
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

// Suppression says that an address must not be reached on a channel.
type Suppression struct {
	Channel  message.Channel
	Address  customer.Address
	Division string // "" holds for every division
	Reason   string // stop_received, complaint, do_not_call, listed, hard_bounce
	Origin   string // who said so: a principal, a provider
	Since    time.Time
}

// StopReceived is the reason of a suppression that the recipient's own STOP put.
const StopReceived = "stop_received"

// Window is when a channel may reach people, in the recipient's local time. The zero Window is always open.
type Window struct {
	Opens  Clock `json:"opens"`
	Closes Clock `json:"closes"`
}

// Clock is a time of day, "08:00" to "24:00".
type Clock string

// Minutes since midnight; ok is false when the text is not a time of day.
func (c Clock) Minutes() (minutes int, ok bool) {
	h, m, found := strings.Cut(string(c), ":")
	if !found || len(h) != 2 || len(m) != 2 {
		return 0, false
	}
	hh, okH := twoDigits(h)
	mm, okM := twoDigits(m)
	minutes = hh*60 + mm
	return minutes, okH && okM && mm < 60 && minutes <= 24*60
}

func twoDigits(s string) (int, bool) {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// Always reports whether the window never closes.
func (w Window) Always() bool { return w.Opens == "" && w.Closes == "" }

// Validate returns what is wrong with the window.
func (w Window) Validate() error {
	if w.Always() {
		return nil
	}
	opens, ok1 := w.Opens.Minutes()
	closes, ok2 := w.Closes.Minutes()
	if !ok1 || !ok2 || opens >= closes {
		return fault.New(fault.Invalid, "a window opens before it closes on the same day, as 08:00 and 21:00")
	}
	return nil
}

// next returns now when the window is open in the zone, else when it opens next there.
func (w Window) next(now time.Time, zone *time.Location) time.Time {
	opens, _ := w.Opens.Minutes()
	closes, _ := w.Closes.Minutes()
	local := now.In(zone)
	y, m, d := local.Date()
	start := time.Date(y, m, d, opens/60, opens%60, 0, 0, zone)
	end := time.Date(y, m, d, closes/60, closes%60, 0, 0, zone)
	switch {
	case local.Before(start):
		return start
	case local.Before(end):
		return now
	default:
		return time.Date(y, m, d+1, opens/60, opens%60, 0, 0, zone)
	}
}

// windowSearch bounds the search for a moment at which the window is open in every zone: the zones of one
// contact point lie within a day of each other.
const windowSearch = 16

// Open returns the first moment from now on at which the window is open in all zones; ok is false when the
// zones never agree.
func (w Window) Open(now time.Time, zones []*time.Location) (at time.Time, ok bool) {
	if w.Always() || len(zones) == 0 {
		return now, true
	}
	at = now
	for range windowSearch {
		moved := false
		for _, z := range zones {
			if next := w.next(at, z); next.After(at) {
				at, moved = next, true
			}
		}
		if !moved {
			return at, true
		}
	}
	return time.Time{}, false
}

// Shuts returns the first moment from now on at which an open window closes in one of the zones; the zero time when
// it never does.
func (w Window) Shuts(now time.Time, zones []*time.Location) time.Time {
	var first time.Time
	if w.Always() {
		return first
	}
	closes, _ := w.Closes.Minutes()
	for _, z := range zones {
		y, m, d := now.In(z).Date()
		end := time.Date(y, m, d, closes/60, closes%60, 0, 0, z)
		if end.After(now) && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	return first
}

// Allow is the environment's allow-list: outside production only who it names is reachable. Entries are exact
// values or patterns with * (path.Match), compared without case; letters match by account or person.
type Allow struct {
	Everyone bool     // environment: production
	Entries  []string // numbers, addresses, domains as *@example.com, account:…, person:…
}

// Permits reports whether the list lets us reach the message's recipient.
func (a Allow) Permits(m message.Message) bool {
	if a.Everyone {
		return true
	}
	keys := []string{strings.ToLower(m.Recipient.Address.Reveal())}
	if m.Channel == message.Letter {
		keys = nil
		if m.Account != "" {
			keys = append(keys, "account:"+strings.ToLower(m.Account))
		}
		if m.Recipient.Person != 0 {
			keys = append(keys, "person:"+m.Recipient.Person.String())
		}
	}
	for _, entry := range a.Entries {
		for _, key := range keys {
			if ok, err := path.Match(strings.ToLower(entry), key); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// Facts are what the gate reads about one message, fetched for a whole batch at once.
type Facts struct {
	Suppressions  []Suppression // of the message's address on its channel
	PointGone     bool          // the contact point was removed, or its person now has another value there
	Undeliverable bool          // the contact point is marked undeliverable
}

// Rules are what the configuration says about one message.
type Rules struct {
	Window Window
	Zones  []*time.Location // the recipient's; the division's when nothing else is known
	Allow  Allow
}

// Verdict is the gate's answer: pass, wait until, suppress, or expire.
type Verdict struct {
	Pass     bool
	Wait     time.Time // not zero: quiet hours; try again then
	Suppress string    // reason
	Expire   bool
}

// Gate decides whether a message may be called now. Suppression wins over waiting, waiting over passing; a
// window that opens only after the message has expired is closed for good. An emergency knows no quiet hours;
// neither does a letter, nor the one answer to a STOP.
func Gate(now time.Time, m message.Message, f Facts, r Rules) Verdict {
	if reason := barred(m, f, r.Allow); reason != "" {
		return Verdict{Suppress: reason}
	}
	if !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt) {
		return Verdict{Expire: true}
	}
	if m.Urgency == message.Emergency || m.Channel == message.Letter || m.Origin.Kind == message.FromReply {
		return Verdict{Pass: true}
	}
	at, ok := r.Window.Open(now, r.Zones)
	switch {
	case !ok:
		return Verdict{Suppress: "window_never_open"}
	case !at.After(now):
		return Verdict{Pass: true}
	case !m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt):
		return Verdict{Suppress: "window_closed"}
	}
	return Verdict{Wait: at}
}

// barred returns why the recipient may not be reached at all, or "".
func barred(m message.Message, f Facts, allow Allow) string {
	if !allow.Permits(m) {
		return "not_on_allow_list"
	}
	if f.PointGone {
		return "no_contact_point"
	}
	if f.Undeliverable {
		return "undeliverable"
	}
	if m.Origin.Kind == message.FromReply {
		return "" // the one confirmation of a STOP is allowed (47 CFR 64.1200(a)(12))
	}
	for _, s := range f.Suppressions {
		if s.Division == "" || s.Division == m.Division {
			return s.Reason
		}
	}
	return ""
}
