package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driven/ses"
	"carillon/adapters/kit/pace"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// routes are a configuration of the routes.
type routes []config.Route

func (r routes) Current() *config.Snapshot {
	s, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: "NORTH", Zone: "UTC", Country: "US", Language: "en-US"}}, Routes: r,
	})
	if err != nil {
		panic(err)
	}
	return s
}

// simulated is a gateway's part in the fleet, on a real store, in simulated time.
type simulated struct {
	*Fleet
	pace   Pace
	next   time.Time
	frozen time.Time
}

func (s *simulated) turn(t *testing.T, now time.Time) (units int) {
	t.Helper()
	if now.Before(s.frozen) {
		return 0
	}
	if !now.Before(s.next) {
		if _, err := s.heartbeat(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		s.next = now.Add(pace.Beat)
	}
	for _, u := range message.Urgencies() {
		g := s.pace.Take(now, u, 100)
		if g.Messages > 0 {
			s.pace.Spend(now, u, g, g.Messages, g.Messages)
		}
		units += g.Messages
	}
	return units
}

// TestPacersOnOneStore: gateways that know each other by the store alone keep a limit and a day's budget together,
// while they join, leave, freeze and die.
func TestPacersOnOneStore(t *testing.T) {
	t.Parallel()
	const limit, daily = 20.0, 4000
	route := config.Route{Code: "sms", Number: 1, Channel: message.SMS, Provider: "sns", Pace: limit, Daily: daily}
	parttest.OnBothStores(t, func(t *testing.T, name string) { //nolint:thelper // it is the test
		st, err := stores.Open(t.Context(), settings.Settings{Store: name, StoreConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stores.Close(st) })
		several := settings.Settings{Store: name}.OnPostgres()
		r := rand.New(rand.NewPCG(1, 2))
		now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
		lives := map[string]*simulated{}
		join := func() {
			id := fmt.Sprintf("gateway:%d-%d", len(lives), r.Int())
			f, err := New(st, !several, id, routes{route}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			f.clock = func() time.Time { return now }
			lives[id] = &simulated{Fleet: f, pace: f.PaceOf(route), next: now}
		}
		join()
		var sent []int // units of every step
		most, whole, began := 1, 0, now
		const step = 250 * time.Millisecond
		for i := range int(4 * time.Minute / step) {
			if several && i%40 == 39 {
				names := make([]string, 0, len(lives))
				for n := range lives {
					names = append(names, n)
				}
				slices.Sort(names)
				who := lives[names[r.IntN(len(names))]]
				switch n := r.IntN(4); {
				case n == 0 && len(lives) > 1: // it dies
					delete(lives, who.me.Name)
				case n == 1 && len(lives) > 1:
					who.Leave(t.Context(), slog.New(slog.DiscardHandler))
					delete(lives, who.me.Name)
				case n == 2:
					who.frozen = now.Add(time.Duration(r.IntN(12)) * time.Second)
				default:
					join()
				}
				most = max(most, len(lives))
			}
			units := 0
			for _, g := range lives {
				units += g.turn(t, now)
			}
			sent, whole = append(sent, units), whole+units
			minute := 0
			for _, n := range sent[max(0, len(sent)-int(time.Minute/step)):] {
				minute += n
			}
			if float64(minute) > limit*61+float64(3*most) {
				t.Fatalf("%d units in the minute before %s, with at most %d gateways", minute, now.Sub(began), most)
			}
			now = now.Add(step)
		}
		if several && most < 2 {
			t.Error("there never were two")
		}
		if float64(whole) > daily+limit*2*pace.Beat.Seconds() || !several && whole < daily-1 {
			t.Errorf("%d units of a budget of %d", whole, daily)
		}
		t.Logf("%d units within %s with up to %d gateways", whole, now.Sub(began), most)
	})
}

// TestAccountOfSES: SES tells the limits of the account, which all its routes share; what it does not tell changes
// nothing, and lanes that stopped for want of quota go on when there is room.
func TestAccountOfSES(t *testing.T) {
	t.Parallel()
	mails := config.Route{Code: "mails", Number: 1, Channel: message.Email, Provider: "ses"}
	notices := config.Route{Code: "notices", Number: 2, Channel: message.Email, Provider: "ses", Pace: 4}
	st, err := stores.Open(t.Context(), settings.Settings{Store: filepath.Join(t.TempDir(), "carillon.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stores.Close(st) })
	f, err := New(st, true, "gateway:1", routes{mails, notices}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Now()
	f.clock = func() time.Time { return now }
	if _, err := f.heartbeat(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	var says ses.Quota
	var wrong error
	quota := func(context.Context) (ses.Quota, error) { return says, wrong }
	one := f.WithinAccount(f.PaceOf(mails), mails, func(context.Context) (ses.Quota, error) { return ses.Quota{}, errors.New("its breaker is open") })
	two := f.WithinAccount(f.PaceOf(notices), notices, quota)
	shown := func(name string) pace.Snapshot {
		for _, p := range f.Paces() {
			if p.Name == name {
				return p
			}
		}
		t.Fatalf("no pace %s", name)
		return pace.Snapshot{}
	}

	says = ses.Quota{Known: true, PerSecond: 14, PerDay: 1000, Sent: 990}
	if room := f.paces.quota(t.Context(), 1); !room {
		t.Error("there is no room")
	}
	if p := shown(AccountSES); p.Limit != 14 || p.Left != 10 || !slices.Equal(p.Routes, []string{"mails", "notices"}) {
		t.Errorf("the account: %+v", p)
	}
	if p := shown("notices"); p.Limit != 4 || !math.IsNaN(p.Left) {
		t.Errorf("the route: %+v", p)
	}
	now = now.Add(time.Second)
	g := one.Take(now, message.Service, 100)
	one.Spend(now, message.Service, g, g.Messages, g.Messages)
	if g.Messages != 7 {
		t.Errorf("%d mails at once at fourteen a second", g.Messages)
	}
	if g := two.Take(now, message.Service, 100); g.Messages != 0 || g.Until.IsZero() {
		t.Errorf("the other route was granted %+v of the same account", g)
	}

	wrong = fault.New(fault.Unavailable, "away")
	if f.paces.quota(t.Context(), 1) || shown(AccountSES).Limit != 14 {
		t.Errorf("what cannot be read changed something: %+v", shown(AccountSES))
	}
	wrong, says = nil, ses.Quota{}
	if f.paces.quota(t.Context(), 1) || shown(AccountSES).Limit != 0 || shown("notices").Limit != 4 {
		t.Errorf("an account that tells nothing: %+v, %+v", shown(AccountSES), shown("notices"))
	}

	lane, held := message.NewLane(1, message.Service), message.NewLane(2, message.Service)
	pauses := []store.LanePause{
		{Lane: lane, Paused: true, Reason: "exhausted: Throttling", By: "ses", Until: now.Add(time.Hour)},
		{Lane: held, Paused: true, Reason: "exhausted: said a person", By: "ops"},
	}
	if _, err := st.Apply(t.Context(), store.Writes{Lane: &store.LaneWrites{Pauses: pauses}}); err != nil {
		t.Fatal(err)
	}
	if err := dispatch.ResumeExhausted(t.Context(), now, st, st, f.paces.account.routes); err != nil {
		t.Fatal(err)
	}
	states, err := st.LaneStates(t.Context(), now)
	if err != nil || len(states) != 1 || states[0].Lane != held {
		t.Errorf("paused are %+v, %v", states, err)
	}
}
