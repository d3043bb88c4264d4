package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// benchStore opens a store on the newest server, in a database of its own.
func benchStore(b *testing.B) *postgres.Store {
	b.Helper()
	s := newServer(b, "TEST_POSTGRES_URL")
	opened, err := postgres.Open(b.Context(), postgres.Config{URL: secret.New(s.database(b)), SkipMigrate: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.Close() })
	return opened
}

// drawn draws n acceptances of one lane, with numbers and times in order as they come in life.
func drawn(seed uint64, n int) []store.Writes {
	r, lane := porttest.NewRand(seed), message.NewLane(1, message.Service)
	sets := make([]store.Writes, n)
	for i := range sets {
		at := porttest.Noon().Add(time.Duration(seed*1000+uint64(i)/10) * time.Millisecond)
		w := porttest.NewAcceptance(r, porttest.Given{At: at, Lane: &lane})
		id := contact.ID(seed*10_000 + uint64(i) + 1)
		store.Of(w.Contact).Contacts[0].ID, store.Of(w.Contact).Plans[0].Contact, store.Of(w.Contact).Steps[0].Contact = id, id, id
		store.Of(w.Intake).Keys[0].Contact, store.Of(w.Intake).Keys[1].Contact, store.Of(w.Message).Messages[0].Origin.Contact = id, id, id
		sets[i] = w
	}
	return sets
}

// BenchmarkAccept applies acceptances with all their rows; an operation is one call.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{1, 100, 500, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, n := benchStore(b), uint64(0)
			for b.Loop() {
				b.StopTimer()
				n++
				sets := drawn(n, size)
				b.StartTimer()
				if _, err := s.Apply(b.Context(), sets...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "contacts/s")
		})
	}
}

// BenchmarkReplay applies calls of 500 of which some or all were applied before.
func BenchmarkReplay(b *testing.B) {
	for _, known := range []int{1, 500} {
		b.Run(fmt.Sprint(known), func(b *testing.B) {
			const size = 500
			s, n := benchStore(b), uint64(1)
			old := drawn(n, size)
			if _, err := s.Apply(b.Context(), old...); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				n++
				sets := append(drawn(n, size-known), old[:known]...)
				b.StartTimer()
				if _, err := s.Apply(b.Context(), sets...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "contacts/s")
		})
	}
}

// BenchmarkExchange settles what came back and claims the next in one call, as dispatch does.
func BenchmarkExchange(b *testing.B) {
	for _, size := range []int{100, 500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, n := benchStore(b), uint64(0)
			now, calls := porttest.Noon().Add(1000*time.Hour), 0
			var taken []message.Taken
			for b.Loop() {
				if calls%20 == 0 {
					b.StopTimer()
					for range 20 {
						n++
						if _, err := s.Apply(b.Context(), drawn(n, size)...); err != nil {
							b.Fatal(err)
						}
					}
					b.StartTimer()
				}
				calls++
				taken = exchange(b, s, taken, now, calls, size)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func exchange(b *testing.B, s *postgres.Store, taken []message.Taken, now time.Time, call, size int) []message.Taken {
	b.Helper()
	sets := make([]store.Writes, 0, size+1)
	for _, t := range taken {
		mv, err := message.Tell(&t.Due, nil).Sent(message.Observation{At: now, Provider: "sns", Ref: t.Message.ID.String()})
		if err != nil {
			b.Fatal(err)
		}
		sets = append(sets, porttest.MoveWrites(t.Message, &t.Due, mv))
	}
	lease := now.Add(time.Hour + time.Duration(call)*time.Microsecond)
	claim := store.Claim{Lane: message.NewLane(1, message.Service), Now: now, Lease: lease, Owner: "bench", Limit: size}
	verdicts, err := s.Apply(b.Context(), append(sets, store.Writes{Message: &store.MessageWrites{Claim: &claim}})...)
	if err != nil {
		b.Fatal(err)
	}
	return verdicts[len(verdicts)-1].Claimed
}
