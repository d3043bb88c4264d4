package batch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"carillon/core/batch"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// hourly is a store of counters and tables, hour by hour, as the recounter sees it.
type hourly struct {
	counters, tables map[time.Time][]message.Count
	kept             map[time.Time]store.Recounted
	taken            map[time.Time]bool
	asked            []time.Time
	down             error
}

func (h *hourly) Recount(_ context.Context, from, to time.Time) (counted, recounted []message.Count, err error) {
	if to.Sub(from) != time.Hour {
		return nil, nil, fault.New(fault.Invalid, "one hour at a time")
	}
	h.asked = append(h.asked, from)
	return h.counters[from], h.tables[from], h.down
}

func (h *hourly) Recounts(_ context.Context, from time.Time) (all []store.Recounted, err error) {
	for hour, r := range h.kept {
		if !hour.Before(from) {
			all = append(all, r)
		}
	}
	return all, nil
}

func (h *hourly) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	verdicts := make([]store.Verdict, len(sets))
	for i, s := range sets {
		verdicts[i].Outcome = store.Applied
		for _, r := range store.Of(s.Upkeep).Recounts {
			h.kept[r.Hour] = r
		}
		for _, t := range store.Of(s.Upkeep).Ticks {
			if h.taken[t.At] {
				verdicts[i].Outcome = store.Conflict
			}
			h.taken[t.At] = true
		}
	}
	return verdicts, nil
}

func newHourly() *hourly {
	return &hourly{
		counters: map[time.Time][]message.Count{}, tables: map[time.Time][]message.Count{},
		kept: map[time.Time]store.Recounted{}, taken: map[time.Time]bool{},
	}
}

// says puts the same into counters and tables.
func (h *hourly) says(hour time.Time, p message.Place, n int64) {
	c := message.Count{Hour: hour, Channel: message.SMS, Urgency: message.Service, Place: p, Delta: n}
	all := message.Count{Hour: hour, Channel: message.SMS, Urgency: message.Service, Place: message.Accepted, Delta: n}
	h.counters[hour], h.tables[hour] = append(h.counters[hour], all, c), append(h.tables[hour], all, c)
}

func TestRecounter(t *testing.T) {
	t.Parallel()
	const back = 48 * time.Hour
	open := noon().Truncate(time.Hour)
	hour := func(n int) time.Time { return open.Add(time.Duration(-n) * time.Hour) }
	turn := func(t *testing.T, h *hourly, now time.Time) batch.Turn {
		t.Helper()
		r := &batch.Recounter{Store: h, Facts: h, By: "one", Back: back}
		found, err := r.Recount(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	t.Run("recounts closed hours, newest first, a dozen a turn, until all are", func(t *testing.T) {
		t.Parallel()
		h := newHourly()
		now := noon()
		for more := true; more; now = now.Add(time.Minute) {
			more = turn(t, h, now).More
		}
		if len(h.asked) < 47 || h.asked[0] != hour(1) || slices.Contains(h.asked, open) {
			t.Errorf("recounted %d hours, from %v on", len(h.asked), h.asked[0])
		}
		for i := range 47 {
			if !slices.Contains(h.asked, hour(i+1)) {
				t.Errorf("never recounted %v", hour(i+1))
			}
		}
	})
	t.Run("leaves a turn to the gateway that took it, and still tells what is known", func(t *testing.T) {
		t.Parallel()
		h := newHourly()
		h.kept[hour(3)] = store.Recounted{Hour: hour(3), At: noon().Add(-time.Hour), Next: noon().Add(time.Hour), Drift: []store.Drift{{Channel: message.Voice, Messages: 2}}}
		h.taken[noon().Truncate(time.Minute)] = true
		found := turn(t, h, noon())
		if len(h.asked) > 0 || found.Drift[message.Voice] != 2 || !found.Last.Equal(noon().Add(-time.Hour)) {
			t.Errorf("recounted %v, tells %+v", h.asked, found)
		}
	})
	t.Run("tells a difference once, and again when it is another", func(t *testing.T) {
		t.Parallel()
		h := newHourly()
		h.says(hour(1), message.AtDelivered, 5)
		h.counters[hour(1)][1].Delta = 4
		if found := turn(t, h, noon()); len(found.Fresh) != 1 || found.Fresh[0].Hour != hour(1) || found.Drift[message.SMS] != 1 {
			t.Fatalf("%+v", found)
		}
		later := noon().Add(24 * time.Hour)
		if found := turn(t, h, later.Add(-23*time.Hour)); len(found.Fresh) != 0 || found.Drift[message.SMS] != 1 {
			t.Errorf("the same again: %+v", found.Fresh)
		}
		h.counters[hour(1)][1].Delta = 2
		now := noon().Add(2 * time.Hour)
		found := turn(t, h, now)
		for ; len(found.Fresh) == 0 && now.Before(later); now = now.Add(10 * time.Minute) {
			found = turn(t, h, now)
		}
		if len(found.Fresh) != 1 || found.Drift[message.SMS] != 3 {
			t.Errorf("another: %+v", found)
		}
		h.counters[hour(1)][1].Delta = 5
		for ; found.Drift[message.SMS] != 0 && now.Before(noon().Add(back)); now = now.Add(10 * time.Minute) {
			found = turn(t, h, now)
		}
		if found.Drift[message.SMS] != 0 {
			t.Errorf("mended: %+v", found.Drift)
		}
	})
	t.Run("recounts an hour whose messages are all final less often, and both less and less", func(t *testing.T) {
		t.Parallel()
		h := newHourly()
		h.says(hour(8), message.AtDelivered, 5)
		h.says(hour(9), message.Pending, 5)
		turn(t, h, noon())
		final, under := h.kept[hour(8)], h.kept[hour(9)]
		if final.Next.Sub(noon()) <= 2*under.Next.Sub(noon()) {
			t.Errorf("next after %v and %v", final.Next.Sub(noon()), under.Next.Sub(noon()))
		}
		again := noon().Add(24 * time.Hour)
		turn(t, h, again)
		for turned := again; turn(t, h, turned).More; turned = turned.Add(time.Minute) {
		}
		if next := h.kept[hour(8)]; next.Next.Sub(next.At) <= final.Next.Sub(final.At) {
			t.Errorf("then after %v", next.Next.Sub(next.At))
		}
	})
	t.Run("gives a failure back", func(t *testing.T) {
		t.Parallel()
		h := newHourly()
		h.down = fault.New(fault.Unavailable, "x")
		r := &batch.Recounter{Store: h, Facts: h, By: "one", Back: back}
		if _, err := r.Recount(t.Context(), noon()); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	})
}
