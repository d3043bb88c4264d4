package algorithm_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/algorithm"
	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/todo"
)

func toDoConfig(t *testing.T) *config.Snapshot {
	t.Helper()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US"}},
		Elements: config.Elements{
			CharacteristicTypes: []config.CharacteristicType{
				{Code: "PER", Entities: []string{"todo"}}, {Code: "ACCT", Entities: []string{"todo"}}, {Code: "SA-ID", Entities: []string{"todo"}},
			},
			ToDoRoles: []config.ToDoRole{
				{Code: "A"},
				{Code: "KEYS", Groups: []string{"KEY"}},
				{Code: "NORTHKEYS", Groups: []string{"NORTH/KEY"}},
				{Code: "NORTHALL", Groups: []string{"NORTH/*"}},
				{Code: "FOREIGN", Groups: []string{"LARGE"}},
			},
			MessageCategories: []config.MessageCategory{{Code: "C", Messages: []config.Message{{Number: 1, Text: map[string]string{"en-US": "Look at %1"}}}}},
			ToDoTypes: []config.ToDoType{
				{Code: "WORK", Description: "Work", Roles: []string{"A", "KEYS", "NORTHKEYS", "NORTHALL"}, DefaultRole: "A", Characteristics: []plugin.CharacteristicUse{{Sequence: 10, Type: "ACCT"}}},
				{Code: "FREE", Roles: []string{"A", "KEYS"}, DefaultRole: "A"},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func midnight() time.Time { return time.Date(2026, time.March, 3, 3, 0, 0, 0, time.UTC) } // still the second in New York

func aToDo(t *testing.T) todo.Subject {
	t.Helper()
	return todo.Subject{Config: toDoConfig(t), Entry: todo.Entry{
		ID: 20000000000001, Type: "WORK", Division: "NORTH", Role: "A", User: "ada", Priority: 2, Subject: "Call back", Reason: "manual",
		Text: plugin.Text{Category: "C", Number: 1, Parameters: []string{"this"}}, Drill: []string{"4711", "2"}, Sort: []string{"19.95"}, OpenedAt: midnight(),
		Skills: []config.Skill{{Type: "LOAN SHARK", Level: 3}, {Type: "SPANISH", Level: 1}},
	}}
}

func TestF1TDTInfo(t *testing.T) {
	t.Parallel()
	s := aToDo(t)
	for want, p := range map[string]plugin.Parameters{
		"Work: Look at this":           {"FIELD-1": "TYPE-DESCRIPTION", "DELIMITER-1": ": ", "FIELD-2": "MESSAGE", "DELIMITER-2": "!"},
		"Call back 4711":               {"FIELD-1": "SUBJECT", "FIELD-2": "DRILL-1"},
		"4711, 2026-03-02":             {"FIELD-1": "DRILL-1", "DELIMITER-1": ", ", "FIELD-2": "DRILL-3", "DELIMITER-2": "?", "FIELD-3": "CREATED"},
		"A/ada/2/assigned/manual/WORK": {"FIELD-1": "ROLE", "DELIMITER-1": "/", "FIELD-2": "USER", "DELIMITER-2": "/", "FIELD-3": "PRIORITY", "DELIMITER-3": "/", "FIELD-4": "STATUS", "DELIMITER-4": "/", "FIELD-5": "REASON", "DELIMITER-5": "/", "FIELD-6": "TYPE"},
		"20000000000001 NORTH 19.95":   {"FIELD-1": "ID", "FIELD-2": "DIVISION", "FIELD-3": "SORT-1"},
		"":                             {"FIELD-1": "SORT-2"},
	} {
		if got := algorithm.ToDos().Information["F1-TDT-INFO"](s, p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if wrong := checked(t, "F1-TDT-INFO", plugin.Parameters{"FIELD-1": "NAME"}); !strings.HasPrefix(wrong, "FIELD-1 is one of CREATED, DIVISION") {
		t.Errorf("a field that is none: %q", wrong)
	}
	if wrong := checked(t, "F1-TDT-INFO", nil); wrong != "FIELD-1 is required" {
		t.Errorf("no field: %q", wrong)
	}
}

// checked says what of an algorithm's parameters is refused when they are configured.
func checked(t *testing.T, code string, p plugin.Parameters) string {
	t.Helper()
	a, known := algorithm.Catalog().Find(code)
	if !known {
		t.Fatalf("%s is not in the catalog", code)
	}
	for _, one := range a.Parameters {
		if reason := one.Check(p[one.Name]); reason != "" {
			return one.Name + " " + reason
		}
	}
	return ""
}

// TestF1TDIInfo: the types that make no line have that of the installation.
func TestF1TDIInfo(t *testing.T) {
	t.Parallel()
	document := toDoConfig(t).Document()
	document.Plugs = []config.Plug{
		{Owner: "installation", Event: "todo_information", Sequence: 10, Code: "F1-TDI-INFO", Parameters: plugin.Parameters{"FIELD-1": "SUBJECT"}},
		{Owner: "todo_type:FREE", Event: "information", Sequence: 10, Code: "F1-TDT-INFO", Parameters: plugin.Parameters{"FIELD-1": "DRILL-1"}},
	}
	cfg, err := config.Compile(2, document)
	if err != nil {
		t.Fatal(err)
	}
	rules := todo.Rules{Config: cfg, Algorithms: algorithm.ToDos()}
	e := aToDo(t).Entry
	free := e
	free.Type = "FREE"
	if got := rules.Information(e) + "; " + rules.Information(free); got != "Call back; 4711" {
		t.Error(got)
	}
}

func TestF1ValSkill(t *testing.T) {
	t.Parallel()
	s := aToDo(t)
	for _, row := range []struct {
		says   string
		skills []config.Skill
		want   []string
	}{
		{"all skills", []config.Skill{{Type: "SPANISH", Level: 1}, {Type: "LOAN SHARK", Level: 9}}, nil},
		{"one too low", []config.Skill{{Type: "SPANISH", Level: 1}, {Type: "LOAN SHARK", Level: 2}}, []string{"has the skill LOAN SHARK at level 2, and level 3 is needed"}},
		{"one missing", []config.Skill{{Type: "LOAN SHARK", Level: 3}}, []string{"has not the skill SPANISH, which is needed at level 1"}},
		{"none", nil, []string{"has not the skill LOAN SHARK, which is needed at level 3", "has not the skill SPANISH, which is needed at level 1"}},
	} {
		for parameter, forbids := range map[string]bool{"": true, "E": true, "W": false} {
			got, forbidden := algorithm.ToDos().Assignment["F1-VAL-SKILL"](s, config.User{Name: "ada", Skills: row.skills}, plugin.Parameters{"ERROR-OR-WARNING": parameter})
			if !slices.Equal(got, row.want) || forbidden != forbids {
				t.Errorf("%s with %q: %v, forbids %t", row.says, parameter, got, forbidden)
			}
		}
	}
	if wrong := checked(t, "F1-VAL-SKILL", plugin.Parameters{"ERROR-OR-WARNING": "X"}); wrong != "ERROR-OR-WARNING is one of E, W" {
		t.Error(wrong)
	}
}

func TestC1ValTDRole(t *testing.T) {
	t.Parallel()
	if got := algorithm.ToDos().RoleChange["C1-VALTDROLE"](aToDo(t), "B", nil); got != "may not be changed for this To Do Type" {
		t.Error(got)
	}
}

func TestC1TDCRChar(t *testing.T) {
	t.Parallel()
	s := aToDo(t)
	s.Entry.Links = todo.Links{Person: "1000000009", Account: "4711", Premise: "12"}
	p := plugin.Parameters{"PERSON": "PER", "ACCOUNT": "ACCT", "SA": "SA-ID"}
	run := algorithm.ToDos().PreCreation["C1-TDCR-CHAR"]
	if role, got := run(s, p); role != "" || !slices.Equal(got, []plugin.Characteristic{{Type: "ACCT", Value: "4711"}}) {
		t.Errorf("a type that lists some: %q, %v", role, got)
	}
	s.Entry.Type = "FREE"
	if _, got := run(s, p); !slices.Equal(got, []plugin.Characteristic{{Type: "PER", Value: "1000000009"}, {Type: "ACCT", Value: "4711"}}) {
		t.Errorf("a type that lists none: %v", got)
	}
}

func TestC1TDCRDfrl(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ kind, division, group, want string }{
		{"WORK", "NORTH", "KEY", "NORTHKEYS"},
		{"WORK", "SOUTH", "KEY", "KEYS"},
		{"WORK", "NORTH", "SMALL", "NORTHALL"},
		{"WORK", "NORTH", "", "NORTHALL"},
		{"WORK", "SOUTH", "SMALL", ""},
		{"WORK", "SOUTH", "LARGE", ""},
		{"FREE", "NORTH", "KEY", "KEYS"},
		{"FREE", "NORTH", "", ""},
	} {
		s := aToDo(t)
		s.Entry.Type, s.Entry.Division, s.Entry.Links.Group = todo.Type(row.kind), row.division, row.group
		if got, chars := algorithm.ToDos().PreCreation["C1-TDCR-DFRL"](s, nil); got != row.want || chars != nil {
			t.Errorf("%+v: %q", row, got)
		}
	}
}

func mails(t *testing.T, code string) []plugin.SendEmail {
	t.Helper()
	return algorithm.ToDos().Routing[code](aToDo(t), []config.User{{Name: "ada", Email: "ada@utility.example"}, {Name: "ben"}}, plugin.Parameters{"TEMPLATE": "EM"})
}

func TestC1CreMailTD(t *testing.T) {
	t.Parallel()
	got := mails(t, "C1-CREMAILTD")
	if len(got) != 1 || got[0].User != "ada" || got[0].Template != "EM" {
		t.Fatalf("%+v", got)
	}
	told, _ := got[0].Data["todo"].(map[string]any)
	for name, want := range map[string]any{
		"id": "20000000000001", "description": "Work", "subject": "Call back", "message": "Look at this", "priority": 2, "opened": "2026-03-02 22:00:00",
	} {
		if told[name] != want {
			t.Errorf("%s is %v", name, told[name])
		}
	}
	if wrong := checked(t, "C1-CREMAILTD", nil); wrong != "TEMPLATE is required" {
		t.Error(wrong)
	}
}

func TestC1AdjAreqEm(t *testing.T) {
	t.Parallel()
	got := mails(t, "C1-ADJAREQEM")
	if told, _ := got[0].Data["todo"].(map[string]any); told["adjustment"] != "4711" || told["amount"] != "19.95" || told["id"] == "" {
		t.Errorf("%+v", told)
	}
}

func TestC1CapreMail(t *testing.T) {
	t.Parallel()
	got := mails(t, "C1-CAPREMAIL")
	if told, _ := got[0].Data["todo"].(map[string]any); told["claim"] != "4711" || told["amount"] != "19.95" || told["adjustment"] != nil {
		t.Errorf("%+v", told)
	}
}
