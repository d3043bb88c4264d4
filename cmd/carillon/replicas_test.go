package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"
	"carillon/core/config"
)

// replicas are gateways on one store, as processes.
func replicas(t *testing.T, n int, store, file string, sims *providers, args ...string) []*instance {
	t.Helper()
	all := make([]*instance, n)
	for i := range all {
		all[i] = serve(t, spawn, store, file, sims, args...)
	}
	for _, g := range all {
		eventually(t, 15*time.Second, "every gateway knows all", func() bool {
			status, answer := g.get(t, g.sre, "/v1/gateways")
			return status == http.StatusOK && len(objects(answer, "gateways")) == n && strings.Contains(g.metrics(t), fmt.Sprintf("carillon_gateways %d\n", n))
		})
	}
	return all
}

// answeredBy counts the answers of SNS by what became of the text, and the most units that were taken within a time.
func answeredBy(t *testing.T, folder string, within time.Duration) (accepted, throttled, most int) {
	t.Helper()
	var at []time.Time
	for _, r := range readRecords(t, folder, "sns") {
		switch {
		case r.Op == "publish" && r.Outcome == "accepted":
			accepted++
			at = append(at, r.At)
		case r.Op == "publish" && r.Outcome == "throttled":
			throttled++
		}
	}
	for i, j := 0, 0; j < len(at); j++ {
		for at[j].Sub(at[i]) > within {
			i++
		}
		most = max(most, j-i+1)
	}
	return accepted, throttled, most
}

// TestReplicas: three gateways on one PostgreSQL keep the limit of a provider together, while one after the other is
// restarted under load; nothing is lost and nothing doubled, and LTRPRT on its schedule runs on one of them.
func TestReplicas(t *testing.T) {
	n := volume(t) / 2
	t.Parallel()
	const limit = 20.0
	sims := simulate(t, spawn)
	file := configFile(t, func(d *config.Document) {
		patience(90*time.Second, 20*time.Second)(d)
		for i := range d.Routes {
			if d.Routes[i].Code == "sms-north" {
				d.Routes[i].Pace = limit
			}
		}
	})
	db := parttest.Database(t)
	all := replicas(t, 3, db, file, sims, append(allowed(), "--letters-schedule", "* * * * *")...)
	sims.control(t, http.MethodPut, "/control/sns?key=NORTHFIELD", map[string]any{"throttlePerSecond": limit})
	began := time.Now()
	contacts := make([]string, 0, n+6)
	for i := range n {
		contacts = append(contacts, all[i%3].post(t, fmt.Sprintf("fleet-%d", i), contactOf(aText, "NORTH", "FLEET", i)))
	}
	for i := range 6 {
		contacts = append(contacts, all[i%3].post(t, fmt.Sprintf("letter-%d", i), contactOf(aLetter, "NORTH", "FLEETL", i)))
	}
	for _, g := range all { // a rolling restart
		time.Sleep(time.Second)
		if code := g.stop(t, 15*time.Second); code != 0 {
			t.Errorf("it stopped with status %d", code)
		}
		g.again(t)
	}
	f := newFollower()
	f.settle(t, all[0], len(contacts), 3*time.Minute)
	for id, path := range f.moved {
		if path[len(path)-1] != "delivered" {
			_, message := all[0].get(t, all[0].sre, "/v1/messages/"+id)
			t.Errorf("a message ended %v: %v", path, message)
		}
	}
	const window = 10 * time.Second
	accepted, throttled, most := answeredBy(t, sims.records, window)
	if accepted != n {
		t.Errorf("%d of %d texts were sent", accepted, n)
	}
	if allowed := limit*(window.Seconds()+1) + 9; float64(most) > allowed {
		t.Errorf("%d texts were sent within %s, at most %.0f are allowed", most, window, allowed)
	}
	if throttled > n/20 {
		t.Errorf("SNS asked to slow down %d times", throttled)
	}
	nobodyTwice(t, reached(t, sims.records))
	_, answer := all[0].get(t, all[0].sre, "/v1/batches/LTRPRT/runs?limit=10")
	minutes := map[string]int{}
	for _, r := range objects(answer, "runs") {
		minutes[word(r, "openedAt")[:16]]++
	}
	for minute, runs := range minutes {
		if runs > 1 {
			t.Errorf("LTRPRT ran %d times in the minute %s", runs, minute)
		}
	}
	shown := all[1].metrics(t)
	for _, want := range []string{
		`carillon_pace_limit_units{route="sms-north"} 20`, `carillon_pace_limit_units{route="account:ses"} 1000`,
		`carillon_pace_daily_left_units{route="sms-north"} NaN`, `carillon_pace_limit_units{route="voice-north"} 0`,
	} {
		if !strings.Contains(shown, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	t.Logf("%d texts within %s, %d within %s, %d throttled, runs %v", accepted, time.Since(began).Round(time.Second), most, window, throttled, minutes)
	for _, g := range all {
		if code := g.stop(t, 15*time.Second); code != 0 {
			t.Errorf("it stopped with status %d", code)
		}
	}
	audit(t, db)
	code, out, _ := command(t, "doctor", "--store", db)
	if code != 0 || !strings.Contains(out, "no gateway lives") {
		t.Errorf("doctor: status %d: %s", code, out)
	}
}

// TestStoppedProcess: a gateway that loses the store and is stopped between its call and its settlement, until another has
// taken its claim, settles nothing; what it brings late is kept as a report, and so the doubt is resolved.
func TestStoppedProcess(t *testing.T) {
	volume(t)
	t.Parallel()
	sims := simulate(t, spawn)
	file := configFile(t, patience(2*time.Minute, 2*time.Minute))
	db := parttest.Database(t)
	args := append(allowed(), "--lease", "3s", "--call-timeout", "2s")
	at, err := url.Parse(db)
	if err != nil {
		t.Fatal(err)
	}
	link := newLinks(t)("store", at.Host)
	at.Host = link.at
	frozen := serve(t, spawn, at.String(), file, sims, args...)
	sims.control(t, http.MethodPut, "/control/sns", map[string]any{"delayMillis": 1500})
	contact := frozen.post(t, "frozen", contactOf(aText, "NORTH", "FROZEN", 0))
	eventually(t, 10*time.Second, "the call is out", func() bool { // claimed is not enough: the gate reads the store after it
		return strings.Contains(frozen.metrics(t), `carillon_calls_inflight{adapter="sns",route="sms-north"} 1`+"\n")
	})
	link.cut()
	taken := func() bool { n, _, _ := answeredBy(t, sims.records, time.Hour); return n == 1 }
	eventually(t, 10*time.Second, "SNS has taken the text", taken)
	eventually(t, 10*time.Second, "the gateway has the answer and nowhere to settle it", func() bool {
		return strings.Contains(frozen.metrics(t), `carillon_calls_total{adapter="sns",op="publish",outcome="ok",route="sms-north"} 1`+"\n")
	})
	if err := frozen.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	sims.control(t, http.MethodDelete, "/control/sns", nil)
	other := serve(t, spawn, db, file, sims, args...)
	doubted := other.first(t, contact, "in_doubt", 30*time.Second)
	if seen := objects(doubted, "evidence"); len(seen) != 1 || word(seen[0], "code") != "lapsed_claim" {
		t.Errorf("the lapsed claim left %v", seen)
	}
	link.join(t)
	if err := frozen.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	ended := other.first(t, contact, "delivered", 60*time.Second)
	if ended["attempts"] != 1.0 {
		t.Errorf("attempts: %v", ended)
	}
	var kinds []string
	for _, e := range objects(ended, "evidence") {
		kinds = append(kinds, word(e, "kind"))
	}
	if got := strings.Join(kinds, " "); got != "doubtful sent delivered" {
		t.Errorf("what was seen of it: %s", got)
	}
	if !taken() {
		t.Error("it was sent again")
	}
	nobodyTwice(t, reached(t, sims.records))
	for _, g := range []*instance{frozen, other} {
		if code := g.stop(t, 15*time.Second); code != 0 {
			t.Errorf("it stopped with status %d", code)
		}
	}
	audit(t, db)
}
