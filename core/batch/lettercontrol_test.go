package batch_test

import (
	"strings"
	"testing"
	"time"

	"carillon/core/control"
	"carillon/core/extract"
	"carillon/core/fault"
)

// TestLetterRuns: runs of the letter extract stand among those of the other batches.
func TestLetterRuns(t *testing.T) {
	t.Parallel()
	record := func(t *testing.T, s *stand, number int64) control.View {
		t.Helper()
		v, err := s.office.BatchRun(t.Context(), extract.LTRPRT, number)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Run("under their numbers, complete with as many rows as letters", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 3)
		if _, err := s.Run(t.Context(), noon(), "olga", false); err != nil {
			t.Fatal(err)
		}
		v := record(t, s, 1)
		if _, done, wrong := v.Sums(); v.Run.State != control.Complete || v.Run.By != "olga" || done != 3 || wrong != 0 || v.Run.BusinessDate != "2026-03-03" {
			t.Errorf("%+v", v)
		}
	})
	t.Run("stay open while the press will come back, and complete then", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 3)
		s.press.answer = func(extract.Letter) error { return fault.New(fault.Unavailable, "away") }
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		if v := record(t, s, 1); v.Run.State != control.Running {
			t.Fatalf("%+v", v.Run)
		}
		s.press.answer = nil
		if _, err := s.Run(t.Context(), noon().Add(time.Hour), "x", false); err != nil {
			t.Fatal(err)
		}
		if v := record(t, s, 1); v.Run.State != control.Complete || len(v.Threads) != 1 {
			t.Errorf("%+v", v)
		}
	})
	t.Run("have failed when the press is not set up, once, and go on in another instance", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 3)
		s.press.answer = func(extract.Letter) error { return fault.New(fault.Misconfigured, "no such topic") }
		for range 3 {
			if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Misconfigured) {
				t.Fatal(err)
			}
		}
		v := record(t, s, 1)
		if v.Run.State != control.Failed || !strings.Contains(v.Run.Reason, "no such topic") || v.Run.Version != 2 {
			t.Fatalf("%+v", v.Run)
		}
		s.press.answer = nil
		if _, err := s.Run(t.Context(), noon().Add(time.Hour), "x", false); err != nil {
			t.Fatal(err)
		}
		v = record(t, s, 1)
		if v.Run.State != control.Complete || len(v.Threads) != 2 || v.Threads[0].State != control.Failed || v.Threads[1].Done != 3 {
			t.Errorf("%+v", v)
		}
	})
	t.Run("are put right when another release has ended one without a word", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 1)
		if _, err := s.Run(t.Context(), noon(), "x", false); err != nil {
			t.Fatal(err)
		}
		v := record(t, s, 1)
		v.Run.State, v.Threads[0].State = control.Running, control.Running
		s.office.registry.runs[runKey{extract.LTRPRT, 1}] = v.Run
		s.wait(9, 3, "Sydney")
		if _, err := s.Run(t.Context(), noon().Add(time.Hour), "x", false); err != nil {
			t.Fatal(err)
		}
		if one, two := record(t, s, 1), record(t, s, 2); one.Run.State != control.Complete || two.Run.State != control.Complete {
			t.Errorf("%+v, %+v", one.Run, two.Run)
		}
	})
}
