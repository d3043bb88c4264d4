package desk_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"carillon/core/command"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/store"
	"carillon/core/todo"
)

// chores are open To Do entries.
type chores struct {
	store.ToDos

	entries []todo.Entry
	blind   error
}

func (c chores) ToDoList(_ context.Context, f todo.Filter, _ todo.ID, limit int) ([]todo.Entry, error) {
	var out []todo.Entry
	for _, e := range c.entries {
		named := slices.ContainsFunc(e.Characteristics, func(x command.Characteristic) bool { return slices.Contains(f.Characteristics, x) })
		if named && f.Sees(e) && !e.Complete() && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, c.blind
}

func TestAlertFacts(t *testing.T) {
	t.Parallel()
	s := atCounter(t, func(d *config.Document) {
		d.CharacteristicTypes = append(d.CharacteristicTypes,
			config.CharacteristicType{Code: "PER", Entities: []string{"todo"}, Names: "person"},
			config.CharacteristicType{Code: "ACCT", Entities: []string{"todo"}, Names: "account"},
			config.CharacteristicType{Code: "OTHER", Entities: []string{"contact"}, Names: "account"})
	})
	s.happened([2]string{"BILL", "north"}, [2]string{"BILL", "south"}, [2]string{"CALL", "north"})
	entry := func(kind, division string, all ...command.Characteristic) todo.Entry {
		return todo.Entry{Type: todo.Type(kind), Division: division, Characteristics: all}
	}
	acct, per := command.Characteristic{Type: "ACCT", Value: "A-1"}, command.Characteristic{Type: "PER", Value: "0000000042"}
	s.Work = chores{entries: []todo.Entry{
		entry("TD-1", "north", acct, per), entry("TD-1", "north", acct), entry("TD-2", "north", acct), entry("TD-1", "south", acct),
		entry("TD-1", "north", command.Characteristic{Type: "OTHER", Value: "A-1"}), entry("TD-1", "north", command.Characteristic{Type: "ACCT", Value: "4000000001"}),
	}}
	got, err := s.AlertFacts(t.Context(), noon(), ada(), contact.AlertFacts{Now: noon(), Person: 42, Account: "4000000001"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []contact.Touches{{Class: "D", Type: "CALL", Day: "2026-03-02", N: 2}, {Class: "D", Type: "BILL", Day: "2026-03-02", N: 1}}; !reflect.DeepEqual(got.Touches, want) {
		t.Errorf("touches %+v, want %+v", got.Touches, want)
	}
	want := []contact.Work{
		{Type: "TD-1", Characteristic: "ACCT", Value: "A-1", N: 2},
		{Type: "TD-1", Characteristic: "PER", Value: "0000000042", N: 1},
		{Type: "TD-2", Characteristic: "ACCT", Value: "A-1", N: 1},
		{Type: "TD-1", Characteristic: "ACCT", Value: "4000000001", N: 1},
	}
	if !reflect.DeepEqual(got.Work, want) || got.Person != 42 || got.Account != "4000000001" {
		t.Errorf("work\n got %+v\nwant %+v", got.Work, want)
	}
	none, err := s.AlertFacts(t.Context(), noon(), ada(), contact.AlertFacts{})
	if err != nil || none.Touches != nil || none.Work != nil {
		t.Errorf("nobody in context: %+v, %v", none, err)
	}
	s.Work = chores{blind: fault.New(fault.Unavailable, "down")}
	if _, err := s.AlertFacts(t.Context(), noon(), ada(), contact.AlertFacts{Person: 42}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a store that is down: %v", err)
	}
}
