package batch

import (
	"context"
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// Sum is one row of the conservation equation: accepted is what the nine places add up to.
type Sum struct {
	Channel  message.Channel
	Urgency  message.Urgency
	Accepted int64
	Places   map[message.Place]int64
}

// Balanced reports whether the row adds up.
func (s Sum) Balanced() bool {
	var total int64
	for _, n := range s.Places {
		if n < 0 {
			return false
		}
		total += n
	}
	return total == s.Accepted
}

// Add folds counts of any hours into rows by channel and urgency, channels in the order tables show them.
func Add(counts []message.Count) []Sum {
	type key struct {
		c message.Channel
		u message.Urgency
	}
	rows := make(map[key]*Sum)
	for _, c := range counts {
		k := key{c.Channel, c.Urgency}
		row, there := rows[k]
		if !there {
			row = &Sum{Channel: c.Channel, Urgency: c.Urgency, Places: make(map[message.Place]int64)}
			rows[k] = row
		}
		if c.Place == message.Accepted {
			row.Accepted += c.Delta
		} else {
			row.Places[c.Place] += c.Delta
		}
	}
	var out []Sum
	for _, c := range message.Channels() {
		for _, u := range message.Urgencies() {
			if row, there := rows[key{c, u}]; there {
				out = append(out, *row)
			}
		}
	}
	return out
}

// Audit is what the conservation check found.
type Audit struct {
	From, To  time.Time
	Counted   []Sum // from the counters
	Recounted []Sum // from the tables
}

// Balanced reports whether every row adds up and the counters say what the tables say.
func (a Audit) Balanced() bool {
	for _, rows := range [][]Sum{a.Counted, a.Recounted} {
		for _, s := range rows {
			if !s.Balanced() {
				return false
			}
		}
	}
	return Equal(a.Counted, a.Recounted)
}

// Equal reports whether two sets of rows say the same.
func Equal(a, b []Sum) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Channel != b[i].Channel || a[i].Urgency != b[i].Urgency || a[i].Accepted != b[i].Accepted {
			return false
		}
		for _, p := range message.Places() {
			if a[i].Places[p] != b[i].Places[p] {
				return false
			}
		}
	}
	return true
}

// Check counts the sums of the hours from both sources, at one moment.
func Check(ctx context.Context, facts store.Conservation, from, to time.Time) (Audit, error) {
	counted, recounted, err := facts.Recount(ctx, from, to)
	if err != nil {
		return Audit{}, err
	}
	return Audit{From: from, To: to, Counted: Add(counted), Recounted: Add(recounted)}, nil
}
