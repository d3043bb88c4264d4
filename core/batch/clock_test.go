package batch_test

import (
	"context"
	"testing"
	"time"

	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
)

// everyHour is a shop whose batch runs every hour.
func everyHour(control config.BatchControl, features ...config.Feature) *works {
	w := newWorks(&errand{rows: 4})
	control.Code, control.Schedule = "ERRAND", "0 * * * *"
	cfg := testConfig(control)
	doc := cfg.Document()
	doc.Features = features
	cfg, err := config.Compile(2, doc)
	if err != nil {
		panic(err)
	}
	w.Configs = fixed{cfg}
	return w
}

func (w *works) tick(ctx context.Context, t fatal) {
	if err := w.Tick(ctx, w.now, "gateway-1", false); err != nil {
		t.Fatalf("a tick: %v", err)
	}
}

func TestBatchSchedule(t *testing.T) {
	t.Parallel()
	t.Run("starts a batch at its time, once for all gateways, with the date of its zone", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{Threads: 2})
		w.tick(t.Context(), t)
		if len(w.s.runs) != 0 {
			t.Fatal("it runs before its time")
		}
		w.now = noon().Truncate(time.Hour).Add(time.Hour + time.Second)
		w.tick(t.Context(), t)
		v := w.run(t.Context(), t, 1)
		if !v.Run.DueAt.Equal(noon().Truncate(time.Hour).Add(time.Hour)) || v.Run.By != batch.BySchedule || v.Run.Threads != 2 || v.Run.BusinessDate != "2026-03-03" {
			t.Fatalf("%+v", v.Run)
		}
		w.finish(t.Context(), t)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 1 {
			t.Fatal("it runs twice")
		}
	})
	t.Run("catches up once, however much was missed", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{})
		w.now = noon().Add(1000*time.Hour + time.Minute)
		w.tick(t.Context(), t)
		if v := w.run(t.Context(), t, 1); w.now.Sub(v.Run.DueAt) > time.Hour {
			t.Errorf("it is for %s", v.Run.DueAt)
		}
		w.finish(t.Context(), t)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 1 {
			t.Error("it caught up twice")
		}
	})
	t.Run("skips what was missed where the control says so, and not what is only a little late", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{CatchUp: batch.CatchUpSkip})
		next := noon().Truncate(time.Hour).Add(time.Hour)
		w.now = next.Add(30 * time.Minute)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 0 {
			t.Fatal("it caught up")
		}
		w.now = next.Add(time.Hour + time.Minute)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 1 {
			t.Fatal("it does not run at its next time")
		}
	})
	t.Run("starts nothing while it is paused, by hand it does, and goes on when it is resumed", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{})
		if err := w.Pause(t.Context(), w.now, operator(), "ERRAND", true, ""); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a pause without a reason: %v", err)
		}
		if err := w.Pause(t.Context(), w.now, operator(), "ERRAND", true, "year end"); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(3 * time.Hour)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 0 {
			t.Fatal("it runs")
		}
		w.start(t.Context(), t, batch.Ask{})
		w.finish(t.Context(), t)
		if err := w.Pause(t.Context(), w.now, operator(), "ERRAND", false, "it is over"); err != nil {
			t.Fatal(err)
		}
		w.tick(t.Context(), t)
		if len(w.s.runs) != 2 {
			t.Fatal("it does not catch up")
		}
		var kinds []string
		for _, e := range w.s.entries {
			kinds = append(kinds, string(e.Kind)+" "+e.Reason)
		}
		if kinds[0] != "batch.paused year end" || kinds[3] != "batch.resumed it is over" {
			t.Errorf("%v", kinds)
		}
	})
	t.Run("starts nothing while the Batch Scheduler is off, and reads schedules in its zone", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{}, config.Feature{Code: "B", Type: batch.FeatureScheduler, Options: map[string]string{"enabled": "N"}})
		w.now = w.now.Add(3 * time.Hour)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 0 {
			t.Fatal("it runs")
		}
		w = everyHour(config.BatchControl{}, config.Feature{Code: "B", Type: batch.FeatureScheduler, Options: map[string]string{"zone": "Asia/Kolkata"}})
		cards, err := w.Cards(t.Context(), w.now)
		if err != nil || cards[0].Plan.Next.Minute() != 30 {
			t.Fatalf("%v: %+v", err, cards[0].Plan)
		}
	})
	t.Run("waits for the run that is open, and says since when", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{})
		w.start(t.Context(), t, batch.Ask{})
		w.now = w.now.Add(3 * time.Hour)
		w.tick(t.Context(), t)
		cards, err := w.Cards(t.Context(), w.now)
		if err != nil || len(w.s.runs) != 1 || cards[0].Plan.Late(w.now) < 2*time.Hour {
			t.Fatalf("%v: %+v", err, cards[0].Plan)
		}
		w.finish(t.Context(), t)
		w.tick(t.Context(), t)
		if len(w.s.runs) != 2 {
			t.Fatal("it does not run then")
		}
	})
	t.Run("shows a run that failed when the control says what the batch does not take", func(t *testing.T) {
		t.Parallel()
		w := everyHour(config.BatchControl{Parameters: map[string]string{"LEAD-DAYS": "100"}})
		w.now = w.now.Add(time.Hour)
		w.tick(t.Context(), t)
		if v := w.run(t.Context(), t, 1); v.Run.State != control.Failed || v.Run.Reason == "" {
			t.Fatalf("%+v", v.Run)
		}
	})
}
