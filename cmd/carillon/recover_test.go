package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/core/batch"
	"carillon/core/config"
)

// TestRecover restores a store to a time before its messages were sent. The providers remember what the lost time did:
// after the recovery nobody may get a text or an email a second time, but where the contact type allows it, and then the
// evidence must say so.
func TestRecover(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for providers")
	}
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		original := filepath.Join(t.TempDir(), "carillon.db")
		restored(t, original, filepath.Join(filepath.Dir(original), "restored.db"), func(t *testing.T, from, to string) {
			t.Helper()
			for _, tail := range []string{"", "-wal"} {
				text, err := os.ReadFile(from + tail)
				if err == nil {
					err = os.WriteFile(to+tail, text, 0o600)
				}
				if err != nil && (tail == "" || !os.IsNotExist(err)) {
					t.Fatal(err)
				}
			}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		original := parttest.Database(t)
		u, err := url.Parse(original)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(u.Path, "/")
		u.Path += "_restored"
		server := func(statement string) {
			conn, err := pgx.Connect(t.Context(), parttest.RealPart(t, "TEST_POSTGRES_URL"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		restored(t, original, u.String(), func(t *testing.T, _, _ string) {
			t.Helper()
			server("create database " + name + "_restored template " + name)
			t.Cleanup(func() {
				conn, err := pgx.Connect(t.Context(), parttest.RealPart(t, "TEST_POSTGRES_URL"))
				if err == nil {
					_, _ = conn.Exec(t.Context(), "drop database if exists "+name+"_restored with (force)")
					_ = conn.Close(t.Context())
				}
			})
		})
	})
}

// restored is the whole story of one store; backup copies it while nobody has it open.
func restored(t *testing.T, original, copied string, backup func(t *testing.T, from, to string)) {
	t.Helper()
	sims := simulate(t, within, "--pull")
	down(t, sims, http.MethodPut)
	file := configFile(t, func(d *config.Document) {
		patience(5*time.Second, 5*time.Second)(d)
		ringing(20 * time.Second)(d) // a vendor that has dialled a call tells its result once
	})
	g := serve(t, within, original, file, sims, allowed()...)
	const n = 42
	contacts := make(map[string]string, n)
	for i := range n {
		request, kind := fireContact("LOST", i)
		contacts[g.post(t, fmt.Sprintf("lost-%d", i), request)] = kind
	}
	orderly(t, g)
	since := clock.Now()
	backup(t, original, copied)

	// What is lost: everything is sent, and heard of.
	down(t, sims, http.MethodDelete)
	g.again(t)
	f := newFollower()
	stop := printing(t, g)
	f.settle(t, g, n, time.Minute)
	stop()
	before := reached(t, sims.records)
	nobodyTwice(t, before)
	orderly(t, g)

	// The copy comes back.
	wants := recovering(t, copied, since)
	back := serve(t, within, copied, file, sims, allowed()...)
	f = newFollower()
	stop = printing(t, back)
	f.settle(t, back, n, time.Minute)
	stop()
	explained(t, back, f, reached(t, sims.records), wants)
	fresh := back.post(t, "fresh", contactOf(aText, "NORTH", "FRESH", 1))
	for contact := range contacts {
		if contact >= fresh {
			t.Errorf("contact %s was given before, and now %s", contact, fresh)
		}
	}
	back.first(t, fresh, "delivered", 30*time.Second)
	if run := back.letters(t); run["run"].(float64) < 100_000 {
		t.Errorf("the runs go on at %v", run)
	}
	if code, out, errOut := command(t, "recover", "--store", copied, "--since", since.Format(time.RFC3339Nano), "--yes"); code == 0 && strings.HasPrefix(copied, "postgres") {
		t.Errorf("it recovered under a running gateway: %s%s", out, errOut)
	}
	orderly(t, back)
	audit(t, copied)
	if out := must(t, "recover", "--store", copied, "--since", since.Format(time.RFC3339Nano), "--yes"); !strings.Contains(out, "before: nothing was changed") {
		t.Errorf("the second recovery said %s", out)
	}
	audit(t, copied)
	must(t, "ledger", "verify", "--store", copied)
}

// down makes all providers unavailable, or well again.
func down(t *testing.T, sims *providers, method string) {
	t.Helper()
	for _, name := range []string{"sns", "ses", "dialer", "dms"} {
		var body any
		if method == http.MethodPut {
			body = map[string]any{"down": true}
		}
		sims.control(t, method, "/control/"+name, body)
	}
}

func orderly(t *testing.T, g *instance) {
	t.Helper()
	if code := g.stop(t, 30*time.Second); code != 0 {
		t.Errorf("the gateway stopped with status %d", code)
	}
}

// recovering recovers the copy: what it would do, and what it did, which must be the same.
func recovering(t *testing.T, copied string, since time.Time) (done map[string]any) {
	t.Helper()
	at := since.Format(time.RFC3339Nano)
	if code, _, _ := command(t, "recover", "--store", copied, "--since", at); code == 0 {
		t.Error("it recovered without having been told to")
	}
	var would map[string]any
	for _, run := range []struct {
		flag string
		into *map[string]any
	}{{"--dry-run", &would}, {"--yes", &done}} {
		if err := json.Unmarshal([]byte(must(t, "recover", "--store", copied, "--since", at, "--output", "json", run.flag)), run.into); err != nil {
			t.Fatal(err)
		}
	}
	for _, word := range []string{"inDoubt", "repeated", "kept"} {
		if would[word] != done[word] || done[word] == 0.0 {
			t.Errorf("%s: a dry run said %v, it did %v", word, would[word], done[word])
		}
	}
	if done["dryRun"] != false || would["dryRun"] != true || done["before"] != false {
		t.Errorf("it says of itself %v and %v", would, done)
	}
	return done
}

// explained checks what the providers took in both lives together.
func explained(t *testing.T, g *instance, f *follower, taken map[string]map[string]int, wants map[string]any) {
	t.Helper()
	nobodyTwice(t, map[string]map[string]int{"voice": taken["voice"], "letter": taken["letter"]})
	repeated, doubted := 0, 0
	for id, path := range f.moved {
		_, m := g.get(t, g.sre, "/v1/messages/"+id)
		said := slices.ContainsFunc(objects(m, "evidence"), func(e map[string]any) bool { return e["reason"] == batch.Restored })
		switch {
		case slices.Contains(path, "in_doubt"):
			if doubted++; !said || path[len(path)-1] != "unconfirmed" {
				t.Errorf("in doubt after a restore: %v %v", path, m)
			}
		case said:
			repeated++
		case m["channel"] == "sms" || m["channel"] == "email":
			t.Errorf("it may have been sent in the lost time, and nothing says so: %v", m)
		}
	}
	twice := 0
	for _, channel := range []string{"sms", "email"} {
		for what, n := range taken[channel] {
			if n > 1 {
				if twice++; n > 2 || !strings.Contains(what, "power is out") {
					t.Errorf("%s made %d times: %s", channel, n, what)
				}
			}
		}
	}
	if float64(doubted) != wants["inDoubt"] || float64(repeated) != wants["repeated"] || twice != repeated {
		t.Errorf("%d in doubt, %d repeated by their type, %d made twice; the recovery said %v", doubted, repeated, twice, wants)
	}
}
