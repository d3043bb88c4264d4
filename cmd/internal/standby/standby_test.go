package standby

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/batch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// published counts what is published, unless it is down.
type published struct {
	n    int
	down bool
}

func (p *published) Publish(_ context.Context, leaves []ledger.Leaf) error {
	if p.down {
		return fault.New(fault.Unavailable, "away")
	}
	p.n += len(leaves)
	return nil
}

// TestStandby: one gateway relays; the others step in when it does not, and step back when it does again.
func TestStandby(t *testing.T) {
	t.Parallel()
	st, err := stores.Open(t.Context(), settings.Settings{Store: filepath.Join(t.TempDir(), "carillon.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stores.Close(st) })
	now := clock.Now()
	tell := func(n int) {
		w := store.Writes{}
		for range n {
			store.In(&w.Ledger).Entries = append(store.Of(w.Ledger).Entries, ledger.Entry{At: now, Kind: ledger.ConfigWritten, By: "test"})
		}
		if _, err := st.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if _, _, err := (&batch.Sealer{Store: st, Facts: st}).Seal(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	ours, theirs := &published{}, &published{}
	relay := func(to *published, first bool) *Relay {
		return &Relay{
			To: &batch.Relay{Name: "topic", Store: st, Facts: st, Publisher: to}, Facts: st, First: func(time.Time) bool { return first },
		}
	}
	first, second := relay(ours, true), relay(theirs, false)
	turns := func(seconds int) {
		for range seconds {
			now = now.Add(time.Second)
			_, _, _ = first.Forward(t.Context(), now) // it may be cut off
			if _, _, err := second.Forward(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
	}
	turns(30)
	tell(3)
	turns(2)
	if ours.n != 3 || theirs.n != 0 {
		t.Errorf("%d and %d were relayed", ours.n, theirs.n)
	}
	ours.down = true
	turns(30)
	tell(4)
	turns(9)
	if theirs.n != 0 {
		t.Errorf("%d were relayed in its place before it was given time", theirs.n)
	}
	turns(3)
	tell(2)
	turns(2)
	if theirs.n != 6 {
		t.Errorf("%d of 6 were relayed in its place", theirs.n)
	}
	ours.down = false
	tell(1)
	turns(2)
	before := theirs.n
	tell(5)
	turns(5)
	if theirs.n != before || ours.n+theirs.n != 15 {
		t.Errorf("%d and %d were relayed", ours.n, theirs.n)
	}
}
