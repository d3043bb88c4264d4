package porttest

import (
	"context"
	"strings"
	"testing"

	"carillon/channels/letter"
	"carillon/core/extract"
	"carillon/core/fault"
)

// PressSettings say what a press of the suite is opened for.
type PressSettings struct {
	Behaviour Behaviour
	MaxRecord int // a letter with a longer record is too large
}

// Press is what a [letter.Press] must do, whatever the document management system does. Open returns one, and a
// reader of what was printed: the records in order, key by key. Asked are Takes, RefusesCredentials, IsUnreachable
// and IsSlow.
func Press(t *testing.T, open func(t *testing.T, s PressSettings) (letter.Press, func(t *testing.T) map[string][]string)) {
	t.Helper()
	takes := PressSettings{Behaviour: Takes, MaxRecord: 10_000}
	t.Run("keeps the letters of one key in order", func(t *testing.T) {
		press, printed := open(t, takes)
		letters := letterBatch(40)
		for i, err := range press.Print(t.Context(), letters) {
			if err != nil {
				t.Fatalf("letter %d: %v", i, err)
			}
		}
		want := map[string][]string{}
		for _, l := range letters {
			want[l.Key] = append(want[l.Key], l.Record)
		}
		got := printed(t)
		for key, records := range want {
			if strings.Join(got[key], "|") != strings.Join(records, "|") {
				t.Errorf("key %s: printed %v; want %v", key, got[key], records)
			}
		}
	})
	t.Run("refuses a letter that is too large and takes its neighbours", func(t *testing.T) {
		press, _ := open(t, takes)
		letters := letterBatch(3)
		letters[1].Record = `"` + strings.Repeat("x", 20_000) + `"`
		errs := press.Print(t.Context(), letters)
		if len(errs) != 3 || errs[0] != nil || errs[2] != nil {
			t.Fatalf("answers %v", errs)
		}
		mustBe(t, errs[1], fault.Refused)
	})
	t.Run("takes a letter again", func(t *testing.T) {
		press, _ := open(t, takes)
		for range 2 {
			if errs := press.Print(t.Context(), letterBatch(1)); errs[0] != nil {
				t.Fatal(errs[0])
			}
		}
	})
	t.Run("does nothing with no letters", func(t *testing.T) {
		press, _ := open(t, PressSettings{Behaviour: IsUnreachable, MaxRecord: 10_000})
		if errs := press.Print(t.Context(), nil); len(errs) != 0 {
			t.Errorf("answers %v to no letters", errs)
		}
	})
	t.Run("takes a manifest", func(t *testing.T) {
		press, _ := open(t, takes)
		if err := press.Close(t.Context(), manifest()); err != nil {
			t.Fatal(err)
		}
	})
	for _, b := range []Behaviour{RefusesCredentials, IsUnreachable} {
		t.Run("says "+expectations()[b].String()+" when it "+b.String(), func(t *testing.T) {
			press, _ := open(t, PressSettings{Behaviour: b, MaxRecord: 10_000})
			for _, err := range press.Print(t.Context(), letterBatch(2)) {
				mustBe(t, err, expectations()[b])
			}
			mustBe(t, press.Close(t.Context(), manifest()), expectations()[b])
		})
	}
	endings(t, func(ctx context.Context, t *testing.T, b Behaviour) error {
		t.Helper()
		press, _ := open(t, PressSettings{Behaviour: b, MaxRecord: 10_000})
		errs := press.Print(ctx, letterBatch(1))
		if len(errs) != 1 {
			t.Fatalf("%d answers to one letter", len(errs))
		}
		return errs[0]
	})
}

func manifest() extract.Manifest {
	return extract.Manifest{
		Batch: extract.LTRPRT, Run: 7, BusinessDate: "2026-03-02", OpenedAt: "2026-03-02T14:00:00.000000Z",
		ClosedAt: "2026-03-02T14:05:00.000000Z", Letters: 40, SHA256: strings.Repeat("0", 64),
	}
}

// letterBatch has n letters of four customers.
func letterBatch(n int) []extract.Letter {
	letters := make([]extract.Letter, n)
	for i := range letters {
		id := testID(byte(i + 1))
		letters[i] = extract.Letter{
			Batch: extract.LTRPRT, Run: 7, Number: int64(i + 1), Message: id, Key: "account:" + string(rune('A'+i%4)),
			Route: "letters", Record: `{"id":"` + id.String() + `"}`,
		}
	}
	return letters
}
