package book_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"carillon/adapters/simulators/book"
)

func TestBook(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	b, err := book.Open("sns", "", 3, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		b.Write(book.Record{Op: "publish", ID: id, Outcome: "accepted"})
	}
	kept, changed := b.Records(0)
	if len(kept) != 3 || kept[0].ID != "c" || kept[2].ID != "e" || kept[2].Seq != 5 || !kept[0].At.Equal(at) {
		t.Errorf("it keeps %+v", kept)
	}
	if after, _ := b.Records(4); len(after) != 1 || after[0].ID != "e" {
		t.Errorf("after the fourth comes %+v", after)
	}
	go b.Write(book.Record{Op: "publish", ID: "f", Outcome: "refused"})
	<-changed
	if state := b.State(); state.Last != 6 || state.Kept != 3 || state.Counts["publish.accepted"] != 5 ||
		state.Counts["publish.refused"] != 1 {
		t.Errorf("the state is %+v", state)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Wait(ctx, func(*book.Record) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting in vain: %v", err)
	}
	b.Clear()
	if kept, _ := b.Records(0); len(kept) != 0 {
		t.Errorf("it still keeps %d", len(kept))
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestBookNeedsItsFolder(t *testing.T) {
	t.Parallel()
	if _, err := book.Open("sns", "/dev/null/records", 3, time.Now); err == nil {
		t.Error("it opened")
	}
}
