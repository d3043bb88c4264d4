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

// TestAnd: nothing of a write set is forgotten when it is added to another. A group or a field that is new fails here
// first.
func TestAnd(t *testing.T) {
	t.Parallel()
	kind := reflect.TypeFor[store.Writes]()
	for g := range kind.NumField() {
		group := kind.Field(g).Type.Elem()
		for i := range group.NumField() {
			f := group.Field(i)
			t.Run(kind.Field(g).Name+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				w := filled(g, i, f.Type)
				if got := (store.Writes{}).And(w); !reflect.DeepEqual(got, w) {
					t.Error("is forgotten")
				}
				if got := w.And(store.Writes{}); !reflect.DeepEqual(got, w) {
					t.Error("is lost")
				}
				if got := w.Clone(); !reflect.DeepEqual(got, w) {
					t.Error("is not cloned")
				}
				both := reflect.ValueOf(w.And(w)).Field(g).Elem().Field(i)
				switch f.Type.Kind() {
				case reflect.Slice:
					if both.Len() != 2 {
						t.Errorf("%d of two", both.Len())
					}
				default:
					if both.IsNil() {
						t.Error("none of two")
					}
				}
				if after := filled(g, i, f.Type); !reflect.DeepEqual(after, w) {
					t.Error("adding has changed what was added")
				}
			})
		}
	}
}

// filled is a write set with one row in one field of one group.
func filled(group, field int, t reflect.Type) store.Writes {
	one := reflect.New(reflect.TypeFor[store.Writes]()).Elem()
	one.Field(group).Set(reflect.New(one.Field(group).Type().Elem()))
	at := one.Field(group).Elem().Field(field)
	if t.Kind() == reflect.Slice {
		at.Set(reflect.MakeSlice(t, 1, 1))
	} else {
		at.Set(reflect.New(t.Elem()))
	}
	w, _ := reflect.TypeAssert[store.Writes](one)
	return w
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
			for _, e := range store.Of(w.Ledger).Entries {
				kind = e.Kind
				if (e.Place != 0) != row.move.Moved() || e.Message != m.ID {
					t.Errorf("entry %+v", e)
				}
			}
			if kind != row.kind || len(store.Of(w.Ledger).Entries) > 1 {
				t.Errorf("tells %q, want %q", kind, row.kind)
			}
			if !reflect.DeepEqual(store.Of(w.Message).Deadlines, row.deadlines) || !reflect.DeepEqual(store.Of(w.Message).Undeadlines, row.ended) {
				t.Errorf("deadlines %+v after ending %v; want %+v after %v", store.Of(w.Message).Deadlines, store.Of(w.Message).Undeadlines, row.deadlines, row.ended)
			}
			if len(store.Of(w.Message).Refs) != row.refs || len(store.Of(w.Message).Counts) != row.counts {
				t.Errorf("%d references, %d counts", len(store.Of(w.Message).Refs), len(store.Of(w.Message).Counts))
			}
			for _, e := range store.Of(w.Message).Evidence {
				if e.Message != m.ID || e.Seq != row.move.To.Seq {
					t.Errorf("evidence %+v", e)
				}
			}
		})
	}
}
