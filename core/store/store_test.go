package store_test

import (
	"reflect"
	"testing"
	"time"

	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// TestAnd: nothing of a write set is forgotten when it is added to another. A field that is new fails here first.
func TestAnd(t *testing.T) {
	t.Parallel()
	kind := reflect.TypeFor[store.Writes]()
	for i := range kind.NumField() {
		f := kind.Field(i)
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			one := reflect.New(kind).Elem()
			if f.Type.Kind() == reflect.Slice {
				one.Field(i).Set(reflect.MakeSlice(f.Type, 1, 1))
			} else {
				one.Field(i).Set(reflect.New(f.Type.Elem()))
			}
			w, _ := reflect.TypeAssert[store.Writes](one)
			if got := (store.Writes{}).And(w); !reflect.DeepEqual(got, w) {
				t.Error("is forgotten")
			}
			if got := w.And(store.Writes{}); !reflect.DeepEqual(got, w) {
				t.Error("is lost")
			}
			if f.Type.Kind() == reflect.Slice {
				both := reflect.ValueOf(w.And(w)).Field(i)
				if both.Len() != 2 {
					t.Errorf("%d of two", both.Len())
				}
			}
		})
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	claimed := message.Life{Work: message.Claimed, Place: message.Pending}
	sent := message.Life{Work: message.Finished, Place: message.AtSent, Seq: 1, Attempts: 1}
	doubted := message.Life{Work: message.Doubted, Place: message.InDoubt, Seq: 1, Attempts: 1}
	o := message.Observation{At: noon(), Provider: "sns", Ref: "r-1"}
	m := message.Message{ID: message.ID{1}, AcceptedAt: noon(), Receipt: time.Hour, Hold: 2 * time.Hour}
	expiring := m
	expiring.ExpiresAt = noon().Add(time.Minute)
	silent := m
	silent.Receipt = 0
	must := func(move message.Move, err error) message.Move {
		if err != nil {
			t.Fatal(err)
		}
		return move
	}
	receipt := []message.Deadline{{At: noon().Add(time.Hour), Message: m.ID, Kind: message.ReceiptDue}}
	hold := []message.Deadline{{At: noon().Add(2 * time.Hour), Message: m.ID, Kind: message.HoldEnds}}
	ids := []message.ID{m.ID}
	for _, row := range []struct {
		says      string
		m         message.Message
		move      message.Move
		kind      ledger.Kind // "": no entry
		deadlines []message.Deadline
		ended     []message.ID
		refs      int
		counts    int
	}{
		{"a text that was sent waits for its receipt", m, must(claimed.Sent(o)), ledger.MessageMoved, receipt, nil, 1, 2},
		{"a text that nobody reports on waits for nothing", silent, must(claimed.Sent(o)), ledger.MessageMoved, nil, nil, 1, 2},
		{"an expiry ends with the sending", expiring, must(claimed.Sent(o)), ledger.MessageMoved, receipt, ids, 1, 2},
		{"what is in doubt is held", m, must(claimed.Doubt(o)), ledger.MessageMoved, hold, nil, 0, 2},
		{"a try that will be repeated is told and moves nothing", m, must(claimed.Retry(o, noon())), ledger.MessageTried, nil, nil, 0, 0},
		{"what is given back tells nothing", m, must(claimed.GiveBack(noon(), message.WaitThrottled)), "", nil, nil, 0, 0},
		{"a delivery ends the wait for a receipt", m, must(sent.Deliver(o)), ledger.MessageMoved, nil, ids, 0, 2},
		{"a doubt resolved ends the hold and waits for a receipt", m, must(doubted.Confirm(o)), ledger.MessageMoved, receipt, ids, 1, 2},
		{"a note of what was sent leaves its deadline alone", m, must(sent.Note(o)), ledger.MessageNoted, nil, nil, 0, 0},
		{"a note of what was sent and could have expired leaves its receipt alone", expiring, must(sent.Note(o)), ledger.MessageNoted, nil, nil, 0, 0},
		{"a note of what is in doubt and could have expired leaves its hold alone", expiring, must(doubted.Note(o)), ledger.MessageNoted, nil, nil, 0, 0},
		{"a note on the way leaves an expiry alone", expiring, must(claimed.Note(o)), ledger.MessageNoted, nil, nil, 0, 0},
		{"a suppression ends an expiry", expiring, must(claimed.Suppress(o)), ledger.MessageMoved, nil, ids, 0, 2},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			w := store.Tell(row.m, row.move)
			var kind ledger.Kind
			for _, e := range w.Entries {
				kind = e.Kind
				if (e.Place != 0) != row.move.Moved() || e.Message != m.ID {
					t.Errorf("entry %+v", e)
				}
			}
			if kind != row.kind || len(w.Entries) > 1 {
				t.Errorf("tells %q, want %q", kind, row.kind)
			}
			if !reflect.DeepEqual(w.Deadlines, row.deadlines) || !reflect.DeepEqual(w.Undeadlines, row.ended) {
				t.Errorf("deadlines %+v after ending %v; want %+v after %v", w.Deadlines, w.Undeadlines, row.deadlines, row.ended)
			}
			if len(w.Refs) != row.refs || len(w.Counts) != row.counts {
				t.Errorf("%d references, %d counts", len(w.Refs), len(w.Counts))
			}
			for _, e := range w.Evidence {
				if e.Message != m.ID || e.Seq != row.move.To.Seq {
					t.Errorf("evidence %+v", e)
				}
			}
		})
	}
}
