package main

import (
	"testing"
	"time"
)

// TestGoals: every goal is about subjects that are measured, so that none is "not measured" by a slip of a name.
func TestGoals(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-url", "postgres://127.0.0.1/none"})
	if err != nil {
		t.Fatal(err)
	}
	g, gr := &Gateway{options: o}, &ground{options: o}
	known := map[string]bool{memoryName(o): true}
	for _, subjects := range [][]Subject{
		settleSubjects(g), acceptSubjects(g), webSubjects(g, gr), bulkSubjects(g, gr), travelSubjects(g, gr), emergencySubjects(g, gr), reminderSubjects(g), searchSubjects(g),
		beside(g, nil, freshName, deepName(o)), beside(g, nil, freshAgain, churnedName(o)),
	} {
		for _, s := range subjects {
			known[s.Name] = true
		}
	}
	for _, goal := range goals(o) {
		if !known[goal.Subject] || goal.Base != "" && !known[goal.Base] {
			t.Errorf("%s is about something that is not measured", goal.Measure)
		}
	}
	t.Run("a small run keeps what the command line says", func(t *testing.T) {
		t.Parallel()
		o, err := parse([]string{"-url", "postgres://127.0.0.1/none", "-rows", "7", "-quick"})
		if err != nil || o.Rows != 7 || o.Reps != 1 {
			t.Errorf("%+v, %v", o, err)
		}
	})
	t.Run("a ratio is taken within a round", func(t *testing.T) {
		t.Parallel()
		second := func(rows ...int) (all []Sample) {
			for _, n := range rows {
				all = append(all, Sample{Rows: n, Took: time.Second})
			}
			return all
		}
		all := []Result{{Name: "a", Samples: second(10, 40, 30)}, {Name: "b", Samples: second(10, 20, 10)}}
		least, median, most := spread(Goal{Subject: "a", Base: "b"}.got(all, Sample.Rate))
		if least != 1 || median != 2 || most != 3 {
			t.Errorf("%v %v %v", least, median, most)
		}
	})
}

// TestDouble: the AWS SDK understands the double, which notes every marked text and one that comes again.
func TestDouble(t *testing.T) {
	t.Parallel()
	d, err := openDouble()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	gr := &ground{options: Options{Slots: 3}, double: d}
	began := time.Now()
	if _, err := gr.bareLoop(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if at := d.when(i); at.Before(began) || at.After(time.Now()) {
			t.Errorf("text %d came at %v", i, at)
		}
	}
	if d.taken.Load() != 20 || d.missing() != 0 || d.twice.Load() != 0 {
		t.Errorf("%d taken, %d missing, %d twice", d.taken.Load(), d.missing(), d.twice.Load())
	}
	d.answer([]byte("Action=Publish&Message=x+" + mark(3)))
	if d.twice.Load() != 1 {
		t.Error("a text that came again was not noticed")
	}
}
