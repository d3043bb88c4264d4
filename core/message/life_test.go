package message_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/fault"
	"carillon/core/message"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// moves are all lawful steps of a life.
func moves() map[string]func(message.Life, message.Observation) (message.Move, error) {
	return map[string]func(message.Life, message.Observation) (message.Move, error){
		"sent":     message.Life.Sent,
		"refuse":   message.Life.Refuse,
		"give up":  message.Life.GiveUp,
		"doubt":    message.Life.Doubt,
		"suppress": message.Life.Suppress,
		"expire":   message.Life.Expire,
		"cancel":   message.Life.Cancel,
		"recall":   message.Life.Recall,
		"deliver":  message.Life.Deliver,
		"fail":     message.Life.Fail,
		"confirm":  message.Life.Confirm,
		"note":     message.Life.Note,
		"silence":  message.Life.Silence,
		"retry": func(l message.Life, o message.Observation) (message.Move, error) {
			return l.Retry(o, o.At.Add(time.Minute))
		},
		"give back": func(l message.Life, o message.Observation) (message.Move, error) {
			return l.GiveBack(o.At.Add(time.Minute), message.WaitThrottled)
		},
		"replay": func(l message.Life, o message.Observation) (message.Move, error) {
			return l.Replay(o, o.At.Add(time.Minute))
		},
	}
}

// model is a message as the tables hold it, walked beside the life that the moves lead to.
type model struct {
	life   message.Life
	due    *message.Due
	seen   []message.Evidence
	counts map[message.Place]int64
	begun  int // calls that the provider may have taken
}

// TestLife walks the machine at random.
func TestLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{life: message.Born(), due: &message.Due{}, counts: make(map[message.Place]int64)}
		for _, c := range message.Arrival(message.Message{AcceptedAt: noon()}, message.Pending) {
			m.counts[c.Place] += c.Delta
		}
		steps := map[string]func(*rapid.T){"": m.holds, "claim": m.claim}
		for name, move := range moves() {
			steps[name] = func(t *rapid.T) { m.take(t, name, move) }
		}
		t.Repeat(steps)
	})
}

func (m *model) claim(t *rapid.T) {
	next, err := m.life.Claim()
	if m.due == nil {
		if !fault.Is(err, fault.Conflict) {
			t.Fatalf("what has no due row is claimed: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.life, m.due.Owner, m.due.Fence = next, "me", m.due.Fence+1
}

func (m *model) take(t *rapid.T, name string, move func(message.Life, message.Observation) (message.Move, error)) {
	before := m.life
	got, err := move(m.life, message.Observation{At: noon(), Provider: "p"})
	if err != nil {
		if !fault.Is(err, fault.Conflict) || got != (message.Move{}) {
			t.Fatalf("%s of %+v: %v with %+v", name, before, err, got)
		}
		return
	}
	if got.From != before {
		t.Fatalf("%s starts at %+v, not at %+v", name, got.From, before)
	}
	m.evidence(t, name, got)
	sum := int64(0)
	for _, c := range got.Deltas(message.Message{AcceptedAt: noon().Add(time.Minute)}) {
		sum += c.Delta
		m.counts[c.Place] += c.Delta
		if !c.Hour.Equal(noon()) {
			t.Fatalf("counted in the hour %s", c.Hour)
		}
	}
	if sum != 0 {
		t.Fatalf("%s: the deltas add up to %d", name, sum)
	}
	m.life = got.To
	switch got.To.Work {
	case message.Queued:
		if m.due == nil {
			m.due = &message.Due{}
		}
		m.due.Owner, m.due.Attempt, m.due.Seq = "", got.To.Attempts, got.To.Seq
	case message.Claimed:
	default:
		m.due = nil
	}
}

func (m *model) evidence(t *rapid.T, name string, got message.Move) {
	if got.Evidence == nil {
		if got.To.Seq != got.From.Seq || got.To.Attempts != got.From.Attempts || got.Moved() {
			t.Fatalf("%s changes something without evidence: %+v", name, got)
		}
		return
	}
	if got.Evidence.Seq != got.From.Seq+1 || got.To.Seq != got.Evidence.Seq {
		t.Fatalf("%s: evidence %d after %d", name, got.Evidence.Seq, got.From.Seq)
	}
	if got.Evidence.Kind == message.Replayed {
		m.begun = 0 // a person asked for another call
	} else if spent := got.To.Attempts - got.From.Attempts; spent != 0 && (spent != 1 || !got.Evidence.Kind.IsAttempt()) {
		t.Fatalf("%s spends %d attempts", name, spent)
	}
	if called := got.From.Work == message.Claimed; called && (got.Evidence.Kind == message.Sent || got.Evidence.Kind == message.Doubtful) {
		m.begun++
	}
	m.seen = append(m.seen, *got.Evidence)
}

// holds is what is true of every message at every moment.
func (m *model) holds(t *rapid.T) {
	if told := message.Tell(m.due, m.seen); told != m.life {
		t.Fatalf("the rows tell %+v, the moves led to %+v", told, m.life)
	}
	if !slices.Contains(message.Places(), m.life.Place) {
		t.Fatalf("the message is at %d", m.life.Place)
	}
	for _, p := range message.Places() {
		want := int64(0)
		if p == m.life.Place {
			want = 1
		}
		if m.counts[p] != want {
			t.Fatalf("%s counts %d, want %d: %v", p, m.counts[p], want, m.counts)
		}
	}
	sent := 0
	for _, e := range m.seen {
		switch e.Kind {
		case message.Sent:
			sent++
		case message.Replayed:
			sent = 0
		default:
		}
	}
	if sent > 1 || m.begun > 1 {
		t.Fatalf("sent %d times, %d calls may have been taken", sent, m.begun)
	}
	waiting := m.life.Work == message.Queued || m.life.Work == message.Claimed
	if waiting != (m.due != nil) || waiting != (m.life.Place == message.Pending) || (m.life.Work == message.Doubted) != (m.life.Place == message.InDoubt) {
		t.Fatalf("work and place contradict: %+v", m.life)
	}
}

// TestMoves says where each move leads from each work state; what is not named is a conflict.
func TestMoves(t *testing.T) {
	t.Parallel()
	from := map[string]message.Life{
		"queued":    {Work: message.Queued, Place: message.Pending},
		"retrying":  {Work: message.Queued, Place: message.Pending, Seq: 1, Attempts: 1},
		"claimed":   {Work: message.Claimed, Place: message.Pending},
		"in doubt":  {Work: message.Doubted, Place: message.InDoubt, Seq: 1, Attempts: 1},
		"sent":      {Work: message.Finished, Place: message.AtSent, Seq: 1, Attempts: 1},
		"delivered": {Work: message.Finished, Place: message.AtDelivered, Seq: 2, Attempts: 1},
		"silent":    {Work: message.Finished, Place: message.AtUnconfirmed, Seq: 2, Attempts: 1},
		"failed":    {Work: message.Finished, Place: message.AtFailed, Seq: 1, Attempts: 1},
		"cancelled": {Work: message.Finished, Place: message.AtCancelled, Seq: 1},
		"replayed":  {Work: message.Queued, Place: message.Pending, Seq: 2, Replays: 1},
	}
	lead := map[string]map[string]message.Place{
		"sent":      {"claimed": message.AtSent},
		"refuse":    {"claimed": message.AtFailed},
		"retry":     {"claimed": message.Pending},
		"give up":   {"claimed": message.AtFailed},
		"give back": {"claimed": message.Pending},
		"doubt":     {"claimed": message.InDoubt},
		"suppress":  {"queued": message.AtSuppressed, "replayed": message.AtSuppressed, "retrying": message.AtSuppressed, "claimed": message.AtSuppressed},
		"expire":    {"queued": message.AtExpired, "replayed": message.AtExpired, "retrying": message.AtExpired, "claimed": message.AtExpired},
		"cancel":    {"queued": message.AtCancelled, "replayed": message.AtCancelled, "retrying": message.AtCancelled},
		"recall":    {"claimed": message.AtCancelled},
		"silence":   {"claimed": message.AtUnconfirmed, "in doubt": message.AtUnconfirmed, "sent": message.AtUnconfirmed},
		"replay": {
			"failed": message.Pending, "silent": message.Pending, "in doubt": message.Pending,
		},
		"deliver": {
			"failed": message.AtDelivered, "cancelled": message.AtDelivered, "replayed": message.AtDelivered,
			"retrying": message.AtDelivered, "claimed": message.AtDelivered, "in doubt": message.AtDelivered, "sent": message.AtDelivered,
			"delivered": message.AtDelivered, "silent": message.AtDelivered,
		},
		"fail": {
			"failed": message.AtFailed, "cancelled": message.AtFailed,
			"retrying": message.AtFailed, "claimed": message.AtFailed, "in doubt": message.AtFailed, "sent": message.AtFailed,
			"delivered": message.AtFailed, "silent": message.AtFailed,
		},
		"confirm": {
			"failed": message.AtFailed, "cancelled": message.AtCancelled, "replayed": message.Pending,
			"queued": message.Pending, "retrying": message.Pending, "claimed": message.Pending, "in doubt": message.AtSent,
			"sent": message.AtSent, "delivered": message.AtDelivered, "silent": message.AtUnconfirmed,
		},
		"note": {
			"failed": message.AtFailed, "cancelled": message.AtCancelled, "replayed": message.Pending,
			"queued": message.Pending, "retrying": message.Pending, "claimed": message.Pending, "in doubt": message.InDoubt,
			"sent": message.AtSent, "delivered": message.AtDelivered, "silent": message.AtUnconfirmed,
		},
	}
	for _, name := range slices.Sorted(maps.Keys(moves())) {
		for _, state := range slices.Sorted(maps.Keys(from)) {
			t.Run(name+" when "+state, func(t *testing.T) {
				t.Parallel()
				got, err := moves()[name](from[state], message.Observation{At: noon()})
				want, lawful := lead[name][state]
				if !lawful {
					if !fault.Is(err, fault.Conflict) {
						t.Errorf("is lawful: %+v, %v", got, err)
					}
					return
				}
				if err != nil || got.To.Place != want {
					t.Errorf("leads to %s, want %s: %v", got.To.Place, want, err)
				}
			})
		}
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	t.Run("a leased call that was recalled and is answered late is what the answer says", func(t *testing.T) {
		t.Parallel()
		l := message.Tell(nil, []message.Evidence{{Seq: 1, Kind: message.CancelledE}, {Seq: 2, Kind: message.Delivered}})
		if l.Place != message.AtDelivered || l.Work != message.Finished || l.Seq != 2 {
			t.Errorf("%+v", l)
		}
	})
	t.Run("attempts that were given back without evidence stand in the due row", func(t *testing.T) {
		t.Parallel()
		if l := message.Tell(&message.Due{Attempt: 3}, nil); l.Attempts != 3 || l.Work != message.Queued {
			t.Errorf("%+v", l)
		}
	})
	t.Run("attempts begin anew with a replay", func(t *testing.T) {
		t.Parallel()
		l := message.Tell(&message.Due{Seq: 2}, []message.Evidence{{Seq: 1, Kind: message.GaveUp, Attempt: 8}, {Seq: 2, Kind: message.Replayed}})
		if want := (message.Life{Work: message.Queued, Place: message.Pending, Seq: 2, Replays: 1}); l != want {
			t.Errorf("%+v", l)
		}
	})
	t.Run("a record folds its own rows", func(t *testing.T) {
		t.Parallel()
		r := message.Record{Due: &message.Due{Owner: "me"}, Evidence: []message.Evidence{{Seq: 4, Kind: message.Noted}}}
		if l := r.Life(); l.Work != message.Claimed || l.Seq != 4 {
			t.Errorf("%+v", l)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	places := []string{"pending", "in_doubt", "sent", "delivered", "unconfirmed", "failed", "suppressed", "cancelled", "expired"}
	final := []bool{false, false, false, true, true, true, true, true, true}
	dead := []bool{false, true, false, false, true, true, true, false, true}
	fallen := []bool{false, false, false, false, false, true, true, false, true}
	for i, p := range message.Places() {
		if p.String() != places[i] || p.Final() != final[i] || p.Fallen() != fallen[i] || p.Dead() != dead[i] || int(p) != i+1 {
			t.Errorf("place %d: %s final %t fallen %t", p, p, p.Final(), p.Fallen())
		}
	}
	if message.Accepted.String() != "accepted" || message.Place(77).String() != "unknown" {
		t.Error("the word of a place")
	}
	kinds := map[message.EvidenceKind]string{
		1: "sent", 2: "retried", 3: "refused", 4: "gave_up", 5: "doubtful", 11: "suppressed", 12: "cancelled", 13: "expired",
		14: "silent", 21: "delivered", 22: "failed", 23: "noted", 31: "replayed", 99: "unknown",
	}
	for k, word := range kinds { // stored as numbers: never renumbered
		if k.String() != word || k.IsAttempt() != (k <= 5) {
			t.Errorf("kind %d is %s, an attempt: %t", k, k, k.IsAttempt())
		}
	}
	for w, word := range map[message.Work]string{
		message.Queued: "queued", message.Claimed: "claimed", message.Doubted: "in_doubt", message.Finished: "done",
	} {
		if w.String() != word {
			t.Errorf("work %d is %s", w, w)
		}
	}
}
