package store_test

import (
	"reflect"
	"testing"
	"time"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// TestTellDead: a dead letter is written with the move that leads there and goes with the one that leads away.
func TestTellDead(t *testing.T) {
	t.Parallel()
	claimed := message.Life{Work: message.Claimed, Place: message.Pending, Seq: 1, Attempts: 2}
	failed := message.Life{Work: message.Finished, Place: message.AtFailed, Seq: 2, Attempts: 3}
	silent := message.Life{Work: message.Finished, Place: message.AtUnconfirmed, Seq: 2, Attempts: 1}
	sent := message.Life{Work: message.Finished, Place: message.AtSent, Seq: 2, Attempts: 1}
	o := message.Observation{At: noon(), Reason: "unavailable", Code: "ServiceUnavailable", Provider: "sns"}
	m := message.Message{ID: message.ID{1}, AcceptedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
	must := func(move message.Move, err error) message.Move {
		if err != nil {
			t.Fatal(err)
		}
		return move
	}
	for says, row := range map[string]struct {
		move message.Move
		dead message.Place // 0: none
		gone bool
	}{
		"giving up is one, with the provider's last word": {must(claimed.GiveUp(o)), message.AtFailed, false},
		"a doubt is one":                                       {must(claimed.Doubt(o)), message.InDoubt, false},
		"what went well is none":                               {must(claimed.Sent(o)), 0, false},
		"a delivery is none":                                   {must(sent.Deliver(o)), 0, false},
		"silence is one":                                       {must(sent.Silence(o)), message.AtUnconfirmed, false},
		"silence that turns out a failure is another":          {must(silent.Fail(o)), message.AtFailed, false},
		"a failure that turns out a delivery is one no longer": {must(failed.Deliver(o)), 0, true},
		"a replay is one no longer":                            {must(failed.Replay(o, noon())), 0, true},
		"a note changes none":                                  {must(failed.Note(o)), 0, false},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			w := store.Tell(m, row.move)
			var dead message.Place
			for _, d := range store.Of(w.Message).Dead {
				dead = d.Place
				if d.Message != m.ID || d.Reason != o.Reason || d.Code != o.Code || !d.At.Equal(noon()) || d.Attempts != row.move.To.Attempts {
					t.Errorf("%+v", d)
				}
			}
			if dead != row.dead || (len(store.Of(w.Message).Undead) == 1) != row.gone {
				t.Errorf("dead %+v, gone %v", store.Of(w.Message).Dead, store.Of(w.Message).Undead)
			}
		})
	}
	t.Run("a replay brings a due row, and the expiry in the place of every deadline", func(t *testing.T) {
		t.Parallel()
		at := noon().Add(5 * time.Hour)
		w := store.Replay(m, must(failed.Replay(o, at)), time.Time{})
		want := []message.Deadline{{At: at.Add(time.Hour), Message: m.ID, Kind: message.Expiry}}
		if len(store.Of(w.Message).Dues) != 1 || !store.Of(w.Message).Dues[0].At.Equal(at) || !reflect.DeepEqual(store.Of(w.Message).Deadlines, want) || !reflect.DeepEqual(store.Of(w.Message).Undeadlines, []message.ID{m.ID}) || len(store.Of(w.Message).Counts) != 2 {
			t.Errorf("%+v", w)
		}
	})
}

// TestViews puts what was read together, whatever order the contacts of the rows come in.
func TestViews(t *testing.T) {
	t.Parallel()
	rec := func(n byte) *message.Record { return &message.Record{Message: message.Message{ID: message.ID{n}}} }
	views := store.Views(
		[]contact.Contact{{ID: 1}, {ID: 2}}, []plan.Plan{{Contact: 2, Steps: 3}, {Contact: 9}},
		[]plan.Step{{Contact: 2, Number: 1, Message: message.ID{1}}, {Contact: 1, Number: 1, Message: message.ID{2}}, {Contact: 9}},
		[]plan.Retry{{Contact: 2, Number: 2, Message: message.ID{3}, Former: message.ID{1}}, {Contact: 9}}, []contact.ID{1, 9},
		map[message.ID]*message.Record{{1}: rec(1), {2}: rec(2), {3}: rec(3)},
	)
	if len(views) != 2 || !views[0].Halted || views[1].Halted || views[0].Plan.Contact != 1 || views[1].Plan.Steps != 3 {
		t.Fatalf("%+v", views)
	}
	if len(views[1].Messages) != 2 || views[1].Messages[1].Message.ID != (message.ID{3}) || len(views[0].Messages) != 1 {
		t.Errorf("%+v", views)
	}
	if r, replaced := views[1].Retry(message.ID{1}); !replaced || r.Message != (message.ID{3}) {
		t.Errorf("%+v", r)
	}
	if _, replaced := views[1].Retry(message.ID{3}); replaced {
		t.Error("the last of the chain was replaced")
	}
}
