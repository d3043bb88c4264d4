package batch

import (
	"context"
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// RecountFacts is what the recounter reads.
type RecountFacts interface {
	Recount(ctx context.Context, from, to time.Time) (counted, recounted []message.Count, err error)
	Recounts(ctx context.Context, from time.Time) ([]store.Recounted, error)
}

// Recounter recounts closed hours from the tables and keeps by how much the counters differ: newest hours first, one
// gateway a turn. An hour is recounted less and less often, the sooner so when nothing of it is on its way any more.
type Recounter struct {
	Store store.Applier
	Facts RecountFacts
	By    string
	Back  time.Duration // older hours are not recounted: what they hold may have been dropped
}

// The chore's name among ticks, its turns, and how many hours one turn recounts.
const (
	choreRecount = "recount"
	recountTurn  = time.Minute
	recountPage  = 12
)

// Turn is what a turn of the recounter found.
type Turn struct {
	Hours []store.Recounted         // recounted by this turn
	Fresh []store.Recounted         // of these, what differs otherwise than it did before
	Drift map[message.Channel]int64 // of all hours, as last recounted
	Last  time.Time                 // when an hour was last recounted, by whichever gateway; zero: never
	More  bool                      // there may be more to recount
}

// Recount takes a turn. When it is another gateway's, it tells only what is known.
func (r *Recounter) Recount(ctx context.Context, now time.Time) (t Turn, err error) {
	known, err := r.Facts.Recounts(ctx, now.Add(-r.Back))
	if err != nil {
		return Turn{}, err
	}
	before := make(map[int64]store.Recounted, len(known))
	for _, k := range known {
		before[k.Hour.Unix()] = k
	}
	hours := due(now, now.Add(-r.Back), before)
	ours := false
	if len(hours) > 0 {
		if ours, err = Take(ctx, r.Store, choreRecount, now.Truncate(recountTurn), r.By); err != nil {
			return Turn{}, err
		}
	}
	for _, hour := range hours {
		if !ours {
			break
		}
		found, err := r.recount(ctx, now, hour)
		if err != nil {
			return Turn{}, err
		}
		t.Hours = append(t.Hours, found)
		if len(found.Drift) > 0 && !sameDrift(found.Drift, before[hour.Unix()].Drift) {
			t.Fresh = append(t.Fresh, found)
		}
		before[hour.Unix()] = found
	}
	t.Drift, t.Last = summary(before)
	t.More = len(hours) == recountPage
	return t, nil
}

// due are the closed hours that are to be recounted now, newest first, so many as one turn takes.
func due(now, from time.Time, known map[int64]store.Recounted) (hours []time.Time) {
	for hour := now.Truncate(time.Hour).Add(-time.Hour); !hour.Before(from) && len(hours) < recountPage; hour = hour.Add(-time.Hour) {
		if k, there := known[hour.Unix()]; !there || !k.Next.After(now) {
			hours = append(hours, hour)
		}
	}
	return hours
}

// recount recounts an hour and keeps what it found.
func (r *Recounter) recount(ctx context.Context, now, hour time.Time) (store.Recounted, error) {
	counted, recounted, err := r.Facts.Recount(ctx, hour, hour.Add(time.Hour))
	if err != nil {
		return store.Recounted{}, err
	}
	found := store.Recounted{Hour: hour, At: now, Next: nextRecount(now, hour, recounted), Drift: DriftOf(counted, recounted)}
	_, err = r.Store.Apply(ctx, store.Writes{Upkeep: &store.UpkeepWrites{Recounts: []store.Recounted{found}}})
	return found, err
}

// nextRecount is half the hour's age away when nothing of it is on its way any more, else an eighth.
func nextRecount(now, hour time.Time, counts []message.Count) time.Time {
	wait := now.Sub(hour) / 2
	for _, c := range counts {
		if c.Place == message.Pending || c.Place == message.InDoubt || c.Place == message.AtSent {
			wait = now.Sub(hour) / 8
			break
		}
	}
	return now.Add(max(wait, 15*time.Minute))
}

// DriftOf tells by how much two sources differ, by channel; channels in which they agree are left out.
func DriftOf(a, b []message.Count) (drift []store.Drift) {
	cells := make(map[message.Count]int64)
	add := func(counts []message.Count, sign int64) {
		for _, c := range counts {
			n := sign * c.Delta
			c.Delta = 0
			cells[c] += n
		}
	}
	add(a, 1)
	add(b, -1)
	sums := make(map[message.Channel]int64)
	for c, n := range cells {
		sums[c.Channel] += max(n, -n)
	}
	for _, c := range message.Channels() {
		if sums[c] > 0 {
			drift = append(drift, store.Drift{Channel: c, Messages: sums[c]})
		}
	}
	return drift
}

func sameDrift(a, b []store.Drift) bool {
	of := make(map[message.Channel]int64, len(b))
	for _, d := range b {
		of[d.Channel] = d.Messages
	}
	for _, d := range a {
		if of[d.Channel] != d.Messages {
			return false
		}
	}
	return len(a) == len(b)
}

// summary adds up what is known of all hours.
func summary(known map[int64]store.Recounted) (drift map[message.Channel]int64, last time.Time) {
	drift = make(map[message.Channel]int64)
	for _, k := range known {
		for _, d := range k.Drift {
			drift[d.Channel] += d.Messages
		}
		if k.At.After(last) {
			last = k.At
		}
	}
	return drift, last
}
