package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/config"
	"carillon/core/dispatch"
)

// slots is how many calls a lane of the shipped configuration may have under way.
const slots = 16

// morning is a load of contacts that is posted while things break. A request without an answer is repeated under its
// key until it has one, as the contract tells a CIS to.
type morning struct {
	n    int
	mark string

	mu       sync.Mutex
	accepted map[int]string // request → contact
	asked    atomic.Int64
	repeated atomic.Int64
	done     chan struct{}
}

// kindOf spreads requests over channels and divisions: of ten, four texts, four emails, a call and a letter.
func kindOf(i int) (kind, division string) {
	kinds := []string{aText, anEmail, aText, anEmail, aCall, aText, anEmail, aLetter, aText, anEmail}
	return kinds[i%10], []string{"NORTH", "SOUTH"}[i/10%2]
}

// load begins to post.
func load(t *testing.T, g *instance, mark string, n int) *morning {
	t.Helper()
	m := &morning{n: n, mark: mark, accepted: make(map[int]string, n), done: make(chan struct{})}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	t.Cleanup(func() { cancel(); <-m.done })
	client := cli.Client{Base: g.url, Key: g.cis, HTTP: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for i := int(m.asked.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(m.asked.Add(1)) - 1 {
				m.post(ctx, client, i)
			}
		})
	}
	go func() { workers.Wait(); close(m.done) }()
	return m
}

func (m *morning) post(ctx context.Context, client cli.Client, i int) {
	kind, division := kindOf(i)
	key := map[string]string{"Idempotency-Key": fmt.Sprintf("%s-%d", m.mark, i)}
	for ctx.Err() == nil {
		status, body, err := client.Do(ctx, http.MethodPost, "/v1/contacts", key, contactOf(kind, division, m.mark, i))
		var answer map[string]any
		if err == nil && status == http.StatusAccepted && json.Unmarshal(body, &answer) == nil {
			m.take(i, word(answer, "contact"))
			return
		}
		m.repeated.Add(1)
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (m *morning) take(i int, contact string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accepted[i] = contact
}

// reach waits until so many were accepted.
func (m *morning) reach(t *testing.T, n int) {
	t.Helper()
	eventually(t, 3*time.Minute, fmt.Sprintf("%d of %d are accepted", n, m.n), func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.accepted) >= n
	})
}

// end waits until all were accepted.
func (m *morning) end(t *testing.T) {
	t.Helper()
	select {
	case <-m.done:
	case <-time.After(5 * time.Minute):
		t.Fatalf("only %d of %d were asked", m.asked.Load(), m.n)
	}
}

// present checks that every contact that was accepted is there, once, and no other.
func (m *morning) present(t *testing.T, g *instance, f *follower) {
	t.Helper()
	if len(m.accepted) != m.n || len(f.accepted) != m.n {
		t.Errorf("%d requests, %d accepted, %d contacts in the ledger", m.n, len(m.accepted), len(f.accepted))
	}
	numbers := make(map[string]int)
	for i, contact := range m.accepted {
		numbers[contact]++
		if !f.accepted[contact] {
			t.Errorf("contact %s was accepted and is not in the ledger", contact)
		}
		if i%(1+m.n/100) != 0 {
			continue
		}
		if status, got := g.get(t, g.cis, fmt.Sprintf("/v1/contacts?reference=%s-%06d", m.mark, i)); status != http.StatusOK || word(got, "id") != contact {
			t.Errorf("contact %s was accepted and is not found: %d %v", contact, status, got)
		}
	}
	if len(numbers) != m.n {
		t.Errorf("%d requests share %d contacts", m.n, len(numbers))
	}
}

// counted is how many messages of a channel's first steps the load makes.
func (m *morning) counted() map[string]int {
	out := make(map[string]int)
	for i := range m.n {
		kind, _ := kindOf(i)
		out[map[string]string{aText: "sms", anEmail: "email", aCall: "voice", aLetter: "letter"}[kind]]++
	}
	return out
}

// printing runs LTRPRT over and over, whatever comes of it, until it is stopped.
func printing(t *testing.T, g *instance) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		client := cli.Client{Base: g.url, Key: g.sre, HTTP: &http.Client{Timeout: 60 * time.Second}}
		for ctx.Err() == nil {
			_, _, _ = client.Do(ctx, http.MethodPost, "/v1/batches/LTRPRT/runs", nil, nil) // the gateway may be down just now
			select {
			case <-time.After(700 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// vendor pulls calls as a dialer vendor does that keeps the contract: it dials an id once, and posts a result until it
// is taken.
type vendor struct {
	client  cli.Client
	results []map[string]any           // not taken yet
	dialled map[string]int             // call → times dialled
	scripts map[string]map[string]bool // what was said → the calls that said it
}

// pulling starts a vendor; stop ends it, and then what it knows may be read.
func pulling(t *testing.T, g *instance) (v *vendor, stop func()) {
	t.Helper()
	v = &vendor{
		client:  cli.Client{Base: g.url, Key: g.call, HTTP: &http.Client{Timeout: 20 * time.Second}},
		dialled: map[string]int{}, scripts: map[string]map[string]bool{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			v.turn(ctx)
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return v, stop
}

func (v *vendor) turn(ctx context.Context) {
	var leased struct {
		Calls []struct{ Call, Number, Script string }
	}
	status, body, err := v.client.Do(ctx, http.MethodPost, "/v1/feeds/calls/lease", nil, map[string]any{"max": 25, "leaseSeconds": 10})
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &leased) != nil {
		return // the gateway is down just now
	}
	for _, c := range leased.Calls {
		if v.dialled[c.Call] == 0 {
			v.dialled[c.Call]++
			said := c.Number + " " + c.Script
			if v.scripts[said] == nil {
				v.scripts[said] = map[string]bool{}
			}
			v.scripts[said][c.Call] = true
		}
		v.results = append(v.results, map[string]any{
			"call": c.Call, "result": "r-" + c.Call, "disposition": "LIVE_RIGHT_PARTY", "at": time.Now().UTC().Format(time.RFC3339), "attempts": 1,
		})
	}
	if len(v.results) == 0 {
		return
	}
	status, _, err = v.client.Do(ctx, http.MethodPost, "/v1/feeds/calls/results", nil, map[string]any{"results": v.results[:min(len(v.results), 500)]})
	if err == nil && status == http.StatusOK {
		v.results = v.results[min(len(v.results), 500):]
	}
}

// taken adds what the vendor dialled to what the simulators were asked.
func (v *vendor) taken(t *testing.T, made map[string]map[string]int) map[string]map[string]int {
	t.Helper()
	maps.Copy(made["voice"], v.dialled)
	for said, calls := range v.scripts {
		if len(calls) > 1 {
			t.Errorf("one call under %d ids: %s", len(calls), said)
		}
	}
	return made
}

// volume is how many contacts a fire test posts.
func volume(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts processes")
	}
	if os.Getenv("CARILLON_CHAOS") == "full" {
		return 5000
	}
	return 600
}

// TestChaosKill kills the gateway in the middle of the load and starts it again; three times when there is time for it.
func TestChaosKill(t *testing.T) {
	n, kills, bound := volume(t), 1, 2*time.Minute
	full := os.Getenv("CARILLON_CHAOS") == "full"
	if full {
		kills, bound = 3, 13*time.Minute
	}
	t.Parallel()
	parttest.OnBothStores(t, func(t *testing.T, store string) { //nolint:thelper // it is the test
		sims := simulate(t, spawn)
		g := serve(t, spawn, store, configFile(t, patience(90*time.Second, 8*time.Second)), sims, append(allowed(), "--lease", "4s", "--call-timeout", "3s")...)
		for _, name := range []string{"sns", "ses", "dialer"} {
			sims.control(t, http.MethodPut, "/control/"+name, map[string]any{"delayMillis": 40})
		}
		stop := printing(t, g)
		dialling, hangUp := pulling(t, g)
		m := load(t, g, "KILL", n)
		for k := range kills {
			m.reach(t, n*(k+1)/(kills+1))
			if !full { // letters that were claimed and not frozen yet wait for the end of LTRPRT's claim, ten minutes
				stop()
			}
			g.kill(t)
			g.again(t)
		}
		if !full {
			stop = printing(t, g)
		}
		m.end(t)
		f := newFollower()
		f.settle(t, g, n, bound)
		stop()
		hangUp()
		shown := g.metrics(t)
		m.present(t, g, f)

		doubts, lanes, wrong := 0, map[any]bool{}, map[string]int{}
		var strange []map[string]any
		for id, path := range f.moved {
			last := path[len(path)-1]
			if !slices.Contains(path, "in_doubt") {
				if last != "delivered" {
					_, message := g.get(t, g.sre, "/v1/messages/"+id)
					wrong[word(message, "channel")+" "+strings.Join(path, " ")]++
					if len(strange) < 3 {
						strange = append(strange, message)
					}
				}
				continue
			}
			doubts++
			status, message := g.get(t, g.sre, "/v1/messages/"+id)
			if status != http.StatusOK {
				t.Fatalf("reading message %s: %d", id, status)
			}
			lanes[message["lane"]] = true
			if c := message["channel"]; c != "sms" && c != "email" {
				t.Errorf("a %v in doubt: its receiver dedupes", c)
			}
		}
		if len(wrong) > 0 {
			t.Errorf("of messages that were never in doubt, ended %v, as %v", wrong, strange)
		}
		if most := kills * len(lanes) * 2 * slots; doubts > most {
			t.Errorf("%d in doubt on %d lanes, more than the free slots and a settle batch: %d", doubts, len(lanes), most)
		}
		if code := g.stop(t, 20*time.Second); code != 0 {
			t.Errorf("it stopped with status %d", code)
		}
		if t.Failed() {
			told := map[string]int{}
			for _, name := range []string{"sns", "ses", "dialer", "dms"} {
				for _, r := range readRecords(t, sims.records, name) {
					told[name+" "+r.Op+" "+r.Outcome]++
				}
			}
			t.Logf("what the simulators recorded: %v", told)
			for line := range strings.Lines(shown) {
				if strings.HasPrefix(line, "carillon_intake") || strings.HasPrefix(line, "carillon_reports") || strings.HasPrefix(line, "carillon_notifications") {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
		sums := audit(t, store)
		taken := dialling.taken(t, reached(t, sims.records))
		nobodyTwice(t, taken)
		for channel, want := range m.counted() {
			if sums[channel]["accepted"] != want || sums[channel]["delivered"]+sums[channel]["unconfirmed"] != want {
				t.Errorf("%s: %d were posted, the sums are %v", channel, want, sums[channel])
			}
			if made := len(taken[channel]); made > want || made < sums[channel]["delivered"] {
				t.Errorf("%s: %d were posted, %d delivered, and the provider was asked for %d", channel, want, sums[channel]["delivered"], made)
			}
		}
		t.Logf("%d contacts, %d requests repeated, %d in doubt on %d lanes after %d kills, ends %v", n, m.repeated.Load(), doubts, len(lanes), kills, f.ends())
	})
}

// TestChaosStop stops the gateway under load, in good order, and starts it again.
func TestChaosStop(t *testing.T) {
	n := volume(t) / 2
	t.Parallel()
	parttest.OnBothStores(t, func(t *testing.T, store string) { //nolint:thelper // it is the test
		sims := simulate(t, spawn)
		g := serve(t, spawn, store, configFile(t, patience(90*time.Second, 8*time.Second)), sims, append(allowed(), "--grace", "5s")...)
		for _, name := range []string{"sns", "ses", "dialer"} {
			sims.control(t, http.MethodPut, "/control/"+name, map[string]any{"delayMillis": 300})
		}
		stop := printing(t, g)
		dialling, hangUp := pulling(t, g)
		m := load(t, g, "STOP", n)
		m.reach(t, n/2)
		began := time.Now()
		if code := g.stop(t, 10*time.Second); code != 0 {
			t.Errorf("it stopped with status %d", code)
		}
		t.Logf("it stopped within %s", time.Since(began))
		unclaimed(t, store)
		if sums := audit(t, store); sums["sms"]["in_doubt"]+sums["email"]["in_doubt"] != 0 {
			t.Errorf("in doubt after an orderly stop: %v", sums)
		}
		for _, name := range []string{"sns", "ses", "dialer"} {
			sims.control(t, http.MethodDelete, "/control/"+name, nil)
		}
		g.again(t)
		m.end(t)
		f := newFollower()
		f.settle(t, g, n, 3*time.Minute)
		stop()
		hangUp()
		m.present(t, g, f)
		nobodyTwice(t, dialling.taken(t, reached(t, sims.records)))
		wrong := map[string]int{}
		for _, path := range f.moved {
			if slices.Contains(path, "in_doubt") || path[len(path)-1] != "delivered" {
				wrong[strings.Join(path, " ")]++
			}
		}
		if len(wrong) > 0 {
			t.Errorf("of %d messages, ended %v", len(f.moved), wrong)
		}
	})
}

// unclaimed checks that no due row has an owner; letters of an unfinished run and leased calls may.
func unclaimed(t *testing.T, name string) {
	t.Helper()
	st, err := stores.Open(t.Context(), settings.Settings{Store: name, StoreConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close(st)
	states, err := st.LaneStates(t.Context(), clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	version, err := st.LatestConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.ConfigRows(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	d, err := config.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	at, err := config.Compile(version, d)
	if err != nil {
		t.Fatal(err)
	}
	queued := int64(0)
	for _, s := range states {
		queued += s.Queued
		if r, _ := at.RouteOf(s.Lane); s.Claimed > 0 && r.Provider != "feed" && r.Provider != dispatch.ProviderKafka {
			t.Errorf("%d are claimed on route %s", s.Claimed, r.Code)
		}
	}
	t.Logf("%d wait", queued)
}

// TestChaosOutage takes one division's SNS route down under load.
func TestChaosOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("a breaker rests for seconds")
	}
	t.Parallel()
	sims := simulate(t, within)
	g := serve(t, within, filepath.Join(t.TempDir(), "carillon.db"), configFile(t, patience(time.Minute, time.Minute)), sims, allowed()...)
	sims.control(t, http.MethodPut, "/control/sns?key=NORTHFIELD", map[string]any{"down": true})
	var north, others []string
	for i := range 60 {
		north = append(north, g.post(t, fmt.Sprintf("n%d", i), contactOf(aText, "NORTH", "DOWNN", i)))
		switch i % 3 {
		case 0:
			others = append(others, g.post(t, fmt.Sprintf("s%d", i), contactOf(aText, "SOUTH", "DOWNS", i)))
		case 1:
			others = append(others, g.post(t, fmt.Sprintf("e%d", i), contactOf(anEmail, "NORTH", "DOWNE", i)))
		}
	}
	others = append(others, g.post(t, "letter", contactOf(aLetter, "NORTH", "DOWNL", 0)))
	g.letters(t)

	named := func() bool {
		status, ready := g.get(t, "", "/readyz")
		if status != http.StatusOK {
			t.Errorf("readyz: %d %v", status, ready)
		}
		breakers := objects(ready, "openBreakers")
		for _, b := range breakers {
			if b["route"] != "sms-north" || b["adapter"] != "sns" {
				t.Errorf("a breaker of somebody else is open: %v", b)
			}
		}
		return len(breakers) == 1
	}
	eventually(t, 20*time.Second, "readyz names the breaker", named)
	shown := g.metrics(t)
	for series, want := range map[string]string{
		`carillon_breaker_state{adapter="sns",route="sms-north"}`: "2", `carillon_breaker_state{adapter="sns",route="sms-south"}`: "0",
		`carillon_breaker_state{adapter="ses",route="email-north"}`: "0",
	} {
		probing := want == "2" && strings.Contains(shown, series+" 1\n")
		if !probing && !strings.Contains(shown, series+" "+want+"\n") {
			t.Errorf("%s is not %s", series, want)
		}
	}
	for _, contact := range others {
		g.first(t, contact, "delivered", 30*time.Second)
	}
	asked := func() (publishes int) {
		for _, r := range readRecords(t, sims.records, "sns") {
			if r.Op == "publish" && r.Key == "NORTHFIELD" {
				publishes++
			}
		}
		return publishes
	}
	if n := asked(); n > 2*slots {
		t.Errorf("%d texts were tried before the breaker was seen open", n)
	}
	// The provider's read-only call answers well all the while, so the breaker lets a text try, and trips again.
	tried := asked()
	eventually(t, 40*time.Second, "the breaker was tried and tripped again", func() bool { return asked() > tried && named() })
	if n := asked(); n > tried+3 {
		t.Errorf("%d texts were tried on an open breaker", n-tried)
	}
	for _, contact := range north {
		m := g.messages(t, contact)[0]
		if m["attempts"] != 0.0 || m["outcome"] != "pending" || len(objects(m, "evidence")) != 0 {
			t.Errorf("an attempt was spent: %v", m)
		}
		waiting, _ := m["waiting"].(map[string]any)
		if b := objects(waiting, "breakers"); len(b) != 1 || b[0]["route"] != "sms-north" {
			t.Errorf("it does not say why it waits: %v", waiting)
		}
	}
	if !named() {
		t.Error("the breaker closed while the provider was down")
	}

	sims.control(t, http.MethodDelete, "/control/sns?key=NORTHFIELD", nil)
	for _, contact := range north {
		if m := g.first(t, contact, "delivered", 60*time.Second); m["attempts"] != 1.0 {
			t.Errorf("attempts of %v", m)
		}
	}
	eventually(t, 10*time.Second, "the breaker is closed", func() bool {
		return strings.Contains(g.metrics(t), `carillon_breaker_state{adapter="sns",route="sms-north"} 0`+"\n")
	})
	nobodyTwice(t, reached(t, sims.records))
}
