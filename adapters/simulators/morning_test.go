package simulators_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// TestMorning walks a seeded morning without its waits. Nobody listens, so the reports stay in the records.
func TestMorning(t *testing.T) {
	t.Parallel()
	c := calm()
	c.Profile = simulators.Morning()
	c.Profile.Latency, c.Profile.Receipts = stage.Span{}, stage.Span{}
	r := start(t, c)
	texts, emails := snsClient(t, r), sesClient(t, r)
	const many = 500
	later := time.Now().Add(time.Hour)
	for i := range many {
		if _, err := texts.Publish(t.Context(), textTo(fmt.Sprintf("+1555555%04d", i), "CARILLON")); err != nil {
			t.Fatal(err)
		}
		if _, err := emails.SendEmail(t.Context(), emailTo(fmt.Sprintf("customer%d@home.example", i))); err != nil {
			t.Fatal(err)
		}
		dial(t, r, "", dialRequest(fmt.Sprintf("call-%d", i), fmt.Sprintf("+1555555%04d", i), later))
	}
	count := func(name, op, field string, enough int) map[string]int {
		t.Helper()
		told := map[string]int{}
		n := 0
		_, err := r.Book(name).Wait(soon(t), func(b *book.Record) bool {
			if b.Op == op {
				n++
				var report map[string]any
				if json.Unmarshal([]byte(b.Content), &report) == nil {
					told[fmt.Sprint(report[field])]++
				} else {
					told[b.Content]++
				}
			}
			return n >= enough
		})
		if err != nil {
			t.Fatalf("only %d of %d reports: %v", n, enough, told)
		}
		return told
	}
	between := func(what string, got, low, high int) {
		t.Helper()
		if got < low || got > high {
			t.Errorf("%s: %d of %d", what, got, many)
		}
	}
	sms := count("sns", "notification", "status", many-8)
	between("failing texts", sms["FAILURE"], 5, 30)
	mail := count("ses", "notification", "eventType", 2*many-16)
	between("bounces", mail["Bounce"], 4, 28)
	between("deliveries", mail["Delivery"], many-40, many)
	calls := count("dialer", "result", "", many-8)
	between("unanswered calls", calls["NO_ANSWER"], 30, 75)
	between("right parties", calls["LIVE_RIGHT_PARTY"], 300, 400)
}

func BenchmarkPublish(b *testing.B) {
	c := calm()
	r, err := simulators.Start(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close(b.Context()) })
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	client := snsClientOf(r, transport)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Publish(b.Context(), textTo("+15555550100", "CARILLON")); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
