package todo_test

import (
	"testing"
	"time"

	"carillon/core/message"
	"carillon/core/todo"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

func TestID(t *testing.T) {
	t.Parallel()
	if got := todo.ID(10000000000001).String(); got != "10000000000001" || todo.ID(0).String() != "" || todo.ID(7).String() != "00000000000007" {
		t.Errorf("%s", got)
	}
	if id, err := todo.ParseID("10000000000001"); err != nil || id != 10000000000001 {
		t.Errorf("%d: %v", id, err)
	}
	for _, s := range []string{"", "1", "1000000000000x", "+1000000000001", "00000000000000", "100000000000011"} {
		if _, err := todo.ParseID(s); err == nil {
			t.Errorf("%q is a To Do", s)
		}
	}
}

// TestFollow: what opens an entry and what completes it.
func TestFollow(t *testing.T) {
	t.Parallel()
	claimed := message.Life{Work: message.Claimed, Place: message.Pending}
	doubted := message.Life{Work: message.Doubted, Place: message.InDoubt, Seq: 1, Attempts: 1}
	failed := message.Life{Work: message.Finished, Place: message.AtFailed, Seq: 1, Attempts: 1}
	delivered := message.Life{Work: message.Finished, Place: message.AtDelivered, Seq: 2, Attempts: 1}
	o := message.Observation{At: noon(), Reason: "ambiguous", Provider: "clerk"}
	must := func(m message.Move, err error) message.Move {
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := message.Message{ID: message.ID{1}, Division: "north", Source: "cis", Origin: message.Origin{Kind: message.FromStep, Contact: 7, Step: 1, Steps: 1}, Urgency: message.Service}
	asks := m
	asks.Doubt = message.ToDo
	for _, row := range []struct {
		says         string
		m            message.Message
		move         message.Move
		opened, done todo.Type
		outcome      string
	}{
		{"a doubt under todo opens one", asks, must(claimed.Doubt(o)), todo.InDoubt, "", ""},
		{"a doubt under hold opens none", m, must(claimed.Doubt(o)), "", "", ""},
		{"a report completes it", asks, must(doubted.Deliver(o)), "", todo.InDoubt, "delivered"},
		{"a person who has it repeated completes it", asks, must(doubted.Replay(o, noon())), "", todo.InDoubt, "replayed"},
		{"a note does not", asks, must(doubted.Note(o)), "", "", ""},
		{"what is sent at once opens none", asks, must(claimed.Sent(o)), "", "", ""},
		{"a late delivery completes that of a plan that had failed", m, must(failed.Deliver(o)), "", todo.NotReached, "delivered"},
		{"so does a replay", m, must(failed.Replay(o, noon())), "", todo.NotReached, "replayed"},
		{"a fall after a delivery completes none", m, must(delivered.Fail(o)), "", "", ""},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			opened, done := todo.Follow(row.m, row.move)
			var o, d todo.Type
			for _, e := range opened {
				o = e.Type
				if e.Division != "north" || e.Source != "cis" || e.Contact != 7 || e.Message != m.ID || e.Reason != "ambiguous" || !e.OpenedAt.Equal(noon()) || e.Complete() {
					t.Errorf("%+v", e)
				}
			}
			for _, c := range done {
				d = c.Type
				if c.By != "clerk" || c.Outcome != row.outcome || c.About == "" {
					t.Errorf("%+v", c)
				}
			}
			if o != row.opened || d != row.done || len(opened) > 1 || len(done) > 1 {
				t.Errorf("opens %+v, completes %+v", opened, done)
			}
		})
	}
	t.Run("the entry of a plan is one of its contact, whichever message ended it", func(t *testing.T) {
		t.Parallel()
		other := m
		other.ID = message.ID{2}
		one, two := todo.Unreached(m, noon(), "refused"), todo.Unreached(other, noon(), "bounced")
		if one.About != two.About || one.About != todo.Taken(7, noon(), "", "").About {
			t.Errorf("%s and %s", one.About, two.About)
		}
	})
}
