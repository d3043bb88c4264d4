package todo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// document is a configuration of To Dos. Ada and Ben do billing, Cleo loans; Dev has left.
func document() config.Document {
	return config.Document{
		Divisions: []config.Division{{Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US"}},
		Elements: config.Elements{
			CharacteristicTypes: []config.CharacteristicType{
				{Code: "ACCT", Entities: []string{"todo"}, Names: "account"}, {Code: "VIP", Entities: []string{"todo"}, Values: []string{"Y", "N"}},
			},
			SkillTypes: []config.Named{{Code: "LOAN SHARK"}},
			Users: []config.User{
				{Name: "ada", Email: "ada@utility.example"},
				{Name: "ben"},
				{Name: "cleo", Skills: []config.Skill{{Type: "LOAN SHARK", Level: 5}}},
				{Name: "dev", Inactive: true},
			},
			ToDoRoles: []config.ToDoRole{
				{Code: "BILLING", Users: []string{"ada", "ben", "dev"}},
				{Code: "LOANS", Users: []string{"cleo"}},
				{Code: "OPS"},
				{Code: "F1_DFLT", Users: []string{"ada"}},
			},
			MessageCategories: []config.MessageCategory{{Code: "CAT", Messages: []config.Message{
				{Number: 1, Text: map[string]string{"en-US": "Look at %1"}},
				{Number: 2, Text: map[string]string{"en-US": "Nothing"}},
				{Number: 3, Text: map[string]string{"en-US": "A loan"}},
			}}},
			ToDoTypes: []config.ToDoType{
				{
					Code: "WORK", Priority: 2, Category: "CAT", Number: 1, Roles: []string{"F1_DFLT", "BILLING", "LOANS"}, DefaultRole: "F1_DFLT",
					Skills: []config.Skill{{Type: "LOAN SHARK", Level: 3}},
					Overrides: []config.MessageOverride{
						{Category: "CAT", Number: 2, Suppress: true}, {Category: "CAT", Number: 3, Role: "LOANS"},
					},
					Characteristics: []plugin.CharacteristicUse{{Sequence: 10, Type: "VIP", Default: "N"}, {Sequence: 20, Type: "ACCT"}},
				},
				{Code: string(todo.NotReached), Roles: []string{"BILLING"}, DefaultRole: "BILLING"},
			},
			Plugs: []config.Plug{
				{Owner: "installation", Event: "todo_pre_creation", Sequence: 10, Code: "LINK"},
				{Owner: "installation", Event: "todo_pre_creation", Sequence: 20, Code: "GROUP"},
				{Owner: "installation", Event: "todo_information", Sequence: 10, Code: "ANY"},
				{Owner: "todo_type:WORK", Event: "information", Sequence: 10, Code: "OWN", Parameters: plugin.Parameters{"P": "v"}},
				{Owner: "todo_type:WORK", Event: "assignment", Sequence: 10, Code: "STRICT"},
				{Owner: "todo_type:WORK", Event: "assignment", Sequence: 20, Code: "MILD"},
				{Owner: "todo_type:WORK", Event: "role_change", Sequence: 10, Code: "FIXED"},
				{Owner: "todo_type:WORK", Event: "external_routing", Sequence: 10, Code: "MAIL"},
			},
		},
	}
}

// rules runs algorithms that only show that they were asked.
func rules(t *testing.T) todo.Rules {
	t.Helper()
	cfg, err := config.Compile(1, document())
	if err != nil {
		t.Fatal(err)
	}
	return todo.Rules{Config: cfg, Algorithms: todo.Algorithms{
		PreCreation: map[string]todo.PreCreation{
			"LINK": func(s todo.Subject, _ plugin.Parameters) (string, []plugin.Characteristic) {
				if s.Entry.Links.Account == "" {
					return "", nil
				}
				return "", []plugin.Characteristic{{Type: "ACCT", Value: s.Entry.Links.Account}}
			},
			"GROUP": func(s todo.Subject, _ plugin.Parameters) (string, []plugin.Characteristic) {
				return s.Entry.Links.Group, nil
			},
		},
		Information: map[string]todo.Information{
			"ANY": func(todo.Subject, plugin.Parameters) string { return "any" },
			"OWN": func(s todo.Subject, p plugin.Parameters) string { return s.Entry.Subject + p["P"] },
		},
		Assignment: map[string]todo.Assignment{
			"STRICT": func(_ todo.Subject, u config.User, _ plugin.Parameters) ([]string, bool) {
				if u.Name == "ben" {
					return []string{"is Ben", "is not Ada"}, true
				}
				return nil, true
			},
			"MILD": func(todo.Subject, config.User, plugin.Parameters) ([]string, bool) {
				return []string{"take care"}, false
			},
		},
		RoleChange: map[string]todo.RoleChange{
			"FIXED": func(_ todo.Subject, role string, _ plugin.Parameters) string {
				if role == "LOANS" {
					return "stays"
				}
				return ""
			},
		},
		Routing: map[string]todo.Routing{
			"MAIL": func(_ todo.Subject, to []config.User, _ plugin.Parameters) (mails []plugin.SendEmail) {
				for _, u := range to {
					mails = append(mails, plugin.SendEmail{User: u.Name})
				}
				return mails
			},
		},
	}}
}

func request(change func(*todo.Request)) todo.Request {
	q := todo.Request{
		OpenToDo: plugin.OpenToDo{Type: "WORK", Drill: []string{"4711", "1"}}, Source: "cis", Division: "NORTH", Reason: "batch", At: noon(),
		Batch: "TD-X", Run: 3,
	}
	if change != nil {
		change(&q)
	}
	return q
}

// TestRoles is the order in which a role is chosen.
func TestRoles(t *testing.T) {
	t.Parallel()
	r := rules(t)
	for _, row := range []struct {
		says       string
		change     func(*todo.Request)
		role       string
		suppressed bool
	}{
		{"the default of the type", nil, "F1_DFLT", false},
		{"before it the one that the program gives", func(q *todo.Request) { q.Role = "BILLING" }, "BILLING", false},
		{"before it that of the account's group", func(q *todo.Request) { q.Role, q.Links.Group = "BILLING", "LOANS" }, "LOANS", false},
		{"but none that is not the type's", func(q *todo.Request) { q.Role, q.Links.Group = "BILLING", "OPS" }, "BILLING", false},
		{"before it where the message goes", func(q *todo.Request) {
			q.Role, q.Links.Group, q.Text = "BILLING", "F1_DFLT", plugin.Text{Category: "CAT", Number: 3}
		}, "LOANS", false},
		{"and a message that is suppressed opens none", func(q *todo.Request) { q.Role, q.Text = "BILLING", plugin.Text{Category: "CAT", Number: 2} }, "", true},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			e, suppressed, err := r.Open(request(row.change))
			if err != nil || e.Role != row.role || suppressed != row.suppressed || suppressed && e.Type != "" {
				t.Errorf("%+v, suppressed %t: %v", e, suppressed, err)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	r := rules(t)
	t.Run("fills in what the type says", func(t *testing.T) {
		t.Parallel()
		e, _, err := r.Open(request(func(q *todo.Request) { q.Links.Account = "4711" }))
		if err != nil || e.Priority != 2 || e.Text.Category != "CAT" || e.Text.Number != 1 || e.About != "cis:4711/1" || e.Batch != "TD-X" || e.Run != 3 {
			t.Errorf("%+v: %v", e, err)
		}
		if !slices.Equal(e.Characteristics, []plugin.Characteristic{{Type: "VIP", Value: "N"}, {Type: "ACCT", Value: "4711"}}) {
			t.Errorf("%+v", e.Characteristics)
		}
		if !slices.Equal(e.Skills, []config.Skill{{Type: "LOAN SHARK", Level: 3}}) {
			t.Errorf("%+v", e.Skills)
		}
	})
	t.Run("leaves what was said", func(t *testing.T) {
		t.Parallel()
		given := []plugin.Characteristic{{Type: "VIP", Value: "Y"}, {Type: "ACCT", Value: "4711"}}
		e, _, err := r.Open(request(func(q *todo.Request) {
			q.Priority, q.About, q.Characteristics, q.Links.Account = 9, "x", given, "4711"
			q.Text = plugin.Text{Category: "CAT", Number: 3, Parameters: []string{"p"}}
		}))
		if err != nil || e.Priority != 9 || e.About != "x" || e.Text.Number != 3 || !slices.Equal(e.Characteristics, given) {
			t.Errorf("%+v: %v", e, err)
		}
	})
	for _, row := range []struct {
		says       string
		user, role string
		want       string // user/role
		wrong      string
	}{
		{"a user of the role has it at once", "ada", "BILLING", "ada/BILLING", ""},
		{"a user who is in another role of the type has it there", "cleo", "", "cleo/LOANS", ""},
		{"an inactive user does not, and it is open to the default role", "dev", "BILLING", "/F1_DFLT", "/user is no active user of a role of the To Do Type"},
		{"nor does a stranger", "zoe", "", "/F1_DFLT", "/user is no active user of a role of the To Do Type"},
		{"a role that is none of the type's is not taken", "", "OPS", "/F1_DFLT", "/role is no role of the To Do Type"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			e, _, err := r.Open(request(func(q *todo.Request) { q.User, q.Role = row.user, row.role }))
			if got := violations(err); got != row.wrong || e.User+"/"+e.Role != row.want || e.Type != "WORK" {
				t.Errorf("%+v: %q", e, got)
			}
		})
	}
	t.Run("a type that is not configured opens none", func(t *testing.T) {
		t.Parallel()
		e, _, err := r.Open(request(func(q *todo.Request) { q.Type = "work" }))
		if violations(err) != "/type names no To Do Type" || e.Type != "" {
			t.Errorf("%+v: %v", e, err)
		}
	})
}

func violations(err error) string {
	var all []string
	if f, is := errors.AsType[*fault.Error](err); is {
		for _, v := range f.Violations {
			all = append(all, v.Field+" "+v.Reason)
		}
	}
	return strings.Join(all, "; ")
}

// TestFill: what is opened without asking gets the same.
func TestFill(t *testing.T) {
	t.Parallel()
	r := rules(t)
	e, suppressed := r.Fill(todo.Entry{Type: todo.NotReached, About: "contact:1", Links: todo.Links{Account: "4711"}})
	if suppressed || e.Role != "BILLING" || e.Priority != todo.DefaultPriority || len(e.Characteristics) != 1 {
		t.Errorf("%+v", e)
	}
	if e, _ := r.Fill(todo.Entry{Type: todo.InDoubt}); e.Role != "" || e.Priority != 0 {
		t.Errorf("a type that is not configured: %+v", e)
	}
	if e, _ := r.Fill(todo.Entry{Type: "WORK", Role: "OPS"}); e.Role != "OPS" || e.Skills != nil {
		t.Errorf("one that has a role: %+v", e)
	}
	if _, suppressed := r.Fill(todo.Entry{Type: "WORK", Text: plugin.Text{Category: "CAT", Number: 2}}); !suppressed {
		t.Error("a suppressed message opens one")
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	r := rules(t)
	work := todo.Entry{Type: "WORK", Role: "BILLING", Subject: "s", Text: plugin.Text{Category: "CAT", Number: 1, Parameters: []string{"it"}}}
	if got := r.Information(work) + " " + r.Information(todo.Entry{Type: todo.InDoubt}) + " " + r.Text(work, ""); got != "sv any Look at it" {
		t.Error(got)
	}
	for user, want := range map[string]string{
		"ada": "", "ben": "/user is Ben; /user is not Ada", "cleo": "/user is no active user of the To Do's role", "dev": "/user is no active user of the To Do's role",
	} {
		warnings, err := r.Assignable(work, user)
		if violations(err) != want || want == "" && !slices.Equal(warnings, []string{"take care"}) {
			t.Errorf("%s: %v: %v", user, warnings, err)
		}
	}
	for role, want := range map[string]string{
		"F1_DFLT": "", "LOANS": "/role stays", "OPS": "/role is no role of the To Do Type", "billing": "/role is no role of the To Do Type", "BILLING": "",
	} {
		if got := violations(r.Forwardable(work, role)); got != want {
			t.Errorf("%s: %s", role, got)
		}
	}
	if err := r.Forwardable(todo.Entry{Type: todo.InDoubt}, "OPS"); err != nil {
		t.Errorf("a type that is not configured goes to any role: %v", err)
	}
	told := func(e todo.Entry) (names string) {
		for _, m := range r.Emails(e) {
			names += m.User + " "
		}
		return names
	}
	mine := work
	mine.User = "ben"
	if got := told(work) + "| " + told(mine) + "| " + told(todo.Entry{Type: todo.NotReached, Role: "BILLING"}); got != "ada ben | ben | " {
		t.Error(got)
	}
	if got := r.RoutedTypes(); !slices.Equal(got, []todo.Type{"WORK"}) {
		t.Error(got)
	}
}
