package config_test

import (
	"slices"
	"testing"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/plugin"
	"carillon/core/template"
)

// rich is a configuration with one of every element.
func rich() config.Document {
	d := document()
	d.Classes = append(d.Classes, contact.Class{Code: "CRED"})
	d.Templates = append(d.Templates, template.Template{Code: "DUN", Channel: "letter"})
	d.Types = append(d.Types,
		config.ContactType{
			Type: contact.Type{
				Class: "CRED", Code: "DUN", Person: contact.Required, Account: contact.Required, Premise: contact.NotAllowed,
				Action: contact.SendLetter, LetterTemplate: "DUN", Shorthand: "dun", BusinessObject: "C1-CreateCustomerContact",
				Characteristics: []plugin.CharacteristicUse{{Sequence: 10, Type: "TAG", Default: "VIP"}},
			},
			Plan: plan.PlanRule{Urgency: message.Regulatory},
		},
		config.ContactType{Type: contact.Type{
			Class: "CRED", Code: "HOUSE", Person: contact.Required, Account: contact.Optional, Premise: contact.Required, Shorthand: "house",
			Division: "north",
		}},
		config.ContactType{Type: contact.Type{
			Class: "CRED", Code: "SENT", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional, Action: contact.RecordNotification,
		}},
	)
	d.Elements = config.Elements{
		Installation: config.Installation{PersonID: "optional", Language: "en-US", ReminderType: "TD-CCCB", BatchErrorType: "TD-CCCB"},
		Features:     []config.Feature{{Code: "SCHED", Type: "batch_scheduler", Options: map[string]string{"enabled": "Y", "zone": "America/New_York"}}},
		CharacteristicTypes: []config.CharacteristicType{
			{Code: "TAG", Entities: []string{"contact"}, Values: []string{"VIP", "PRESS"}, Tag: true},
			{Code: "ACCT", Entities: []string{"todo"}, Names: "account"},
			{Code: "CODE", Entities: []string{"case", "field_activity"}, Pattern: "[A-Z]+", Values: []string{"A"}},
		},
		IdentifierTypes: []config.IdentifierType{{Code: "SSN", Unique: true, Pattern: `\d{3}-\d{2}-\d{4}`, Shown: 4}},
		PhoneTypes:      []config.Named{{Code: "CELL"}},
		GeographicTypes: []config.Named{{Code: "GRID"}},
		AlertTypes:      []config.Named{{Code: "DOG"}},
		SkillTypes:      []config.Named{{Code: "BILLING"}},
		CustomerClasses: []config.Named{{Code: "RES"}},
		UIZones:         []config.Named{{Code: "TIMELINE"}},
		DepositClasses:  []config.DepositClass{{Code: "RES", Recommended: "150.00", Tolerance: 10}},
		SATypes: []config.SAType{
			{Code: "DEP-I", SpecialRole: "cash_deposit", DepositClass: "RES"}, {Division: "north", Code: "NBB-MRR", SpecialRole: "non_billed_budget"},
		},
		Users:     []config.User{{Name: "ada", Email: "ada@north.example", Skills: []config.Skill{{Type: "BILLING", Level: 5}}}},
		ToDoRoles: []config.ToDoRole{{Code: "CSR", Users: []string{"ada"}, Groups: []string{"north/KEY"}}, {Code: "OTHER"}},
		ToDoTypes: []config.ToDoType{{
			Code: "TD-CCCB", Priority: 5, Navigation: "CONTACT", Creation: "TD-CCCB", Routing: "TD-CCCB", Category: "TODO", Number: 1,
			Roles: []string{"CSR"}, DefaultRole: "CSR", SortKeys: []string{"person"}, DrillKeys: []string{"contact", "log"},
			Overrides:       []config.MessageOverride{{Category: "TODO", Number: 1, Role: "CSR"}},
			Characteristics: []plugin.CharacteristicUse{{Type: "ACCT"}}, Skills: []config.Skill{{Type: "BILLING", Level: 3}},
		}},
		MessageCategories: []config.MessageCategory{{Code: "TODO", Messages: []config.Message{
			{Number: 1, Text: map[string]string{"en-US": "Call %1"}}, {Number: 2, Text: map[string]string{"en-US": "Write %1"}},
		}}},
		NavigationOptions: []config.NavigationOption{{Code: "CONTACT", Target: "/v1/contacts/{1}"}, {Code: "WEB", Target: "https://x.example/{1}?log={2}"}},
		BatchControls: []config.BatchControl{
			{Code: "TD-CCCB", Parameters: map[string]string{"LEAD-DAYS": "3"}, Threads: 4, Commit: 200, Schedule: "0 5 * * 1-5", CatchUp: "once", Division: "north"},
			{Code: "DEPRVW"},
			{Code: "OURS", Parameters: map[string]string{"ANY": "thing"}},
		},
		Owners: []config.Owner{
			{Kind: config.Campaign, Code: "SPRING"},
			{Kind: config.CollectionEventType, Code: "LTR", Contact: &config.ContactRule{Class: "CRED", Type: "DUN"}},
			{Kind: config.CollectionTemplate, Code: "COLL", Events: []config.TemplateEvent{{Sequence: 10, Type: "LTR"}, {Sequence: 20, Type: "LTR", Days: 5}}},
			{Kind: config.SeveranceEventType, Code: "SEV"},
			{Kind: config.CaseType, Code: "HIGHBILL", Statuses: []string{"OPEN", "CLOSED"}, Characteristics: []plugin.CharacteristicUse{{Type: "CODE", Default: "A"}}},
			{Kind: config.LeadEventType, Code: "LEAD", Message: &config.MessageRule{Channel: "email", Category: "TODO", Number: 1}},
			{Kind: config.WorkflowTemplate, Code: "WF", Contact: &config.ContactRule{Class: "CRED", Type: "HOUSE"}},
			{Kind: config.OverdueEventType, Code: "OD"},
		},
		Plugs: []config.Plug{
			{Owner: "installation", Event: "todo_information", Sequence: 10, Code: "INFO"},
			{Owner: "todo_type:TD-CCCB", Event: "information", Sequence: 10, Code: "INFO"},
			{Owner: "campaign:SPRING", Event: "order_completion", Sequence: 10, Code: "CREATE", Parameters: plugin.Parameters{"CONTACT": "CRED/HOUSE", "DAYS": "5"}},
			{Owner: "sa_type:NBB-MRR", Event: "activation", Sequence: 10, Code: "CREATE", Parameters: plugin.Parameters{
				"CONTACT": "CRED/DUN", "CHAR": "TAG", "TEXT": "TODO/1", "TYPE": "TD-CCCB", "ROLE": "CSR", "FORM": "DUN",
			}},
			{Owner: "case_type:HIGHBILL", Event: "enter_status", Status: "OPEN", Sequence: 10, Code: "CREATE", Parameters: plugin.Parameters{"CONTACT": "CRED/HOUSE"}},
			{Owner: "phone_type:CELL", Event: "format", Sequence: 10, Code: "FORMAT"},
			{Owner: "lead_event_type", Event: "validation", Sequence: 10, Code: "VALID"},
		},
	}
	return d
}

// planted is a mistake with what is said of it.
type planted struct {
	says  string
	spoil func(*config.Document)
	want  []string
}

// told is what violations say, in order.
func told(wrong []fault.Violation) []string {
	var out []string
	for _, v := range wrong {
		out = append(out, v.Field+" "+v.Reason)
	}
	slices.Sort(out)
	return out
}

func plant(t *testing.T, lint func(config.Document) []fault.Violation, rows []planted) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			d := rich()
			row.spoil(&d)
			if got := told(lint(d)); !slices.Equal(got, row.want) {
				t.Errorf("\n got %q\nwant %q", got, row.want)
			}
		})
	}
}

func lastType(d *config.Document, code string) *config.ContactType {
	i := slices.IndexFunc(d.Types, func(v config.ContactType) bool { return v.Code == code })
	return &d.Types[i]
}

func owner(d *config.Document, code string) *config.Owner {
	i := slices.IndexFunc(d.Owners, func(v config.Owner) bool { return v.Code == code })
	return &d.Owners[i]
}

func TestLintCodes(t *testing.T) {
	t.Parallel()
	plant(t, config.Lint, []planted{
		{"takes one of everything", func(*config.Document) {}, nil},
		{"wants a code", func(d *config.Document) { d.AlertTypes[0].Code = "" }, []string{"/alertTypes/ needs a code"}},
		{"wants a user's name", func(d *config.Document) { d.Users = append(d.Users, config.User{}) }, []string{"/users/ needs a code"}},
		{"wants an SA type's code", func(d *config.Document) { d.SATypes[1].Code = "" }, []string{"/saTypes/north/ needs a code"}},
		{"wants an owner's code", func(d *config.Document) { d.Owners[0].Code = "" }, []string{"/owners/campaign: needs a code"}},
		{"refuses a code twice", func(d *config.Document) { d.SkillTypes = append(d.SkillTypes, d.SkillTypes[0]) }, []string{"/skillTypes/BILLING is there twice"}},
		{"refuses a user twice", func(d *config.Document) { d.Users = append(d.Users, config.User{Name: "ada"}) }, []string{"/users/ada is there twice"}},
		{"refuses a plug's place twice", func(d *config.Document) { d.Plugs = append(d.Plugs, d.Plugs[1]) }, []string{"/plugs/todo_type:TD-CCCB/information/10 is there twice"}},
		{"refuses a class of more than twelve characters", func(d *config.Document) {
			d.Classes = append(d.Classes, contact.Class{Code: "THIRTEENCHARS"})
		}, []string{"/classes/THIRTEENCHARS is a code of at most 12 characters"}},
		{"refuses a code of more than thirty", func(d *config.Document) { d.UIZones[0].Code = "1234567890123456789012345678901" }, []string{
			"/zones/1234567890123456789012345678901 is a code of at most 30 characters",
		}},
		{"refuses a code with a space at its end", func(d *config.Document) { d.UIZones[0].Code = "A " }, []string{"/zones/A  is a code of printable ASCII, with spaces only inside"}},
		{"refuses a class with a slash", func(d *config.Document) { d.Classes = append(d.Classes, contact.Class{Code: "A/B"}) }, []string{"/classes/A/B is a code without a slash"}},
	})
	t.Run("runs what was written before a rule on codes", func(t *testing.T) {
		t.Parallel()
		d := rich()
		d.Classes = append(d.Classes, contact.Class{Code: "THIRTEENCHARS"})
		if _, err := config.Compile(1, d); err != nil {
			t.Error(err)
		}
	})
}

func TestLintContactTypes(t *testing.T) {
	t.Parallel()
	plant(t, config.Lint, []planted{
		{"refuses an action that is none", func(d *config.Document) { lastType(d, "HOUSE").Action = "sing" }, []string{
			"/types/CRED/HOUSE/action is send_letter, record_notification or left out",
		}},
		{"wants the letter of a type that sends one", func(d *config.Document) { lastType(d, "DUN").LetterTemplate = "" }, []string{
			"/types/CRED/DUN/letterTemplate is required of a type that sends a letter", "/types/CRED/DUN/plan/steps/0/template names no template of the step's channel",
		}},
		{"refuses a letter that is none", func(d *config.Document) { lastType(d, "DUN").LetterTemplate = "TEXT" }, []string{
			"/types/CRED/DUN/letterTemplate names no letter template", "/types/CRED/DUN/plan/steps/0/template names no template of the step's channel",
		}},
		{"refuses a letter that no step of the plan sends", func(d *config.Document) {
			lastType(d, "DUN").Plan.Steps = []plan.StepRule{{Channel: message.SMS, Template: "TEXT"}}
		}, []string{"/types/CRED/DUN/letterTemplate is in no step of the plan"}},
		{"refuses a letter to nobody in particular", func(d *config.Document) { lastType(d, "DUN").Person = contact.Optional }, []string{
			"/types/CRED/DUN/person a letter is written to a person: required",
		}},
		{"refuses a letter without the action", func(d *config.Document) { lastType(d, "HOUSE").LetterTemplate = "DUN" }, []string{
			"/types/CRED/HOUSE/letterTemplate is for a type whose action is send_letter",
		}},
		{"refuses a log of notifications that sends", func(d *config.Document) {
			lastType(d, "SENT").Send = &plan.StepRule{Channel: message.SMS, Template: "TEXT"}
		}, []string{"/types/CRED/SENT/action a type that records a notification sends nothing itself"}},
		{"refuses a shorthand of two words", func(d *config.Document) { lastType(d, "DUN").Shorthand = "dun now" }, []string{"/types/CRED/DUN/shorthand is one word"}},
		{"refuses a shorthand twice within a division", func(d *config.Document) { lastType(d, "HOUSE").Shorthand = "DUN" }, []string{
			"/types/CRED/HOUSE/shorthand is that of CRED/DUN already",
		}},
		{"lets two divisions have a shorthand each", func(d *config.Document) {
			south := d.Divisions[0]
			south.Code = "south"
			d.Divisions = append(d.Divisions, south)
			lastType(d, "DUN").Division, lastType(d, "HOUSE").Shorthand = "south", "dun"
		}, nil},
		{"refuses a business object that is none", func(d *config.Document) { lastType(d, "DUN").BusinessObject = "C1-CreateCC" }, []string{
			"/types/CRED/DUN/businessObject names no business object of this kind",
		}},
		{"refuses a characteristic that is not there", func(d *config.Document) { lastType(d, "DUN").Characteristics[0].Type = "NONE" }, []string{
			"/types/CRED/DUN/characteristics/0/type names no characteristic type",
		}},
		{"refuses a characteristic that contacts may not carry", func(d *config.Document) {
			lastType(d, "DUN").Characteristics[0] = plugin.CharacteristicUse{Type: "ACCT"}
		}, []string{"/types/CRED/DUN/characteristics/0/type is not for a contact"}},
		{"refuses a characteristic twice", func(d *config.Document) {
			v := lastType(d, "DUN")
			v.Characteristics = append(v.Characteristics, v.Characteristics[0])
		}, []string{"/types/CRED/DUN/characteristics/1/sequence is there twice", "/types/CRED/DUN/characteristics/1/type is there twice"}},
		{"refuses a default that its characteristic type does not take", func(d *config.Document) { lastType(d, "DUN").Characteristics[0].Default = "TALL" }, []string{
			"/types/CRED/DUN/characteristics/0/default is one of VIP, PRESS",
		}},
	})
}

func TestLintElements(t *testing.T) {
	t.Parallel()
	plant(t, config.Lint, []planted{
		{"refuses an installation's mistakes", func(d *config.Document) {
			d.Installation = config.Installation{PersonID: "maybe", Language: "?", ReminderType: "A", BatchErrorType: "B"}
		}, []string{
			"/installation/batchErrorTodoType names no To Do Type", "/installation/language is a language, as en-US",
			"/installation/personId is one of required, optional, not_used", "/installation/reminderTodoType names no To Do Type",
		}},
		{"refuses options of the Batch Scheduler that are none", func(d *config.Document) {
			d.Features[0].Options = map[string]string{"enabled": "yes", "zone": "Mars/Olympus", "color": "red"}
		}, []string{
			"/features/SCHED/options/color is no option of the Batch Scheduler: enabled, zone", "/features/SCHED/options/enabled is one of Y, N",
			"/features/SCHED/options/zone is not an IANA time zone",
		}},
		{"refuses a feature that is none", func(d *config.Document) { d.Features[0].Type = "magic" }, []string{
			"/features/SCHED/type is one of batch_scheduler, sms_send, external_messages",
		}},
		{"refuses two features of a type", func(d *config.Document) {
			d.Features = append(d.Features, config.Feature{Code: "TWO", Type: "batch_scheduler", Options: map[string]string{"": "x"}})
		}, []string{"/features/TWO/options an option has a name", "/features/TWO/type is that of another Feature Configuration"}},
		{"wants who carries a characteristic", func(d *config.Document) { d.CharacteristicTypes[1].Entities = nil }, []string{
			"/characteristicTypes/ACCT/entities name at least one kind of object that carries it",
			"/todoTypes/TD-CCCB/characteristics/0/type is not for a todo",
		}},
		{"refuses carriers and targets of a characteristic that are none", func(d *config.Document) {
			d.CharacteristicTypes[1].Entities, d.CharacteristicTypes[1].Names = []string{"todo", "todo", "dog"}, "cat"
		}, []string{
			"/characteristicTypes/ACCT/entities/1 is there twice",
			"/characteristicTypes/ACCT/entities/2 is one of contact, todo, person, account, premise, sa, case, field_activity, field_activity_remark, service_task",
			"/characteristicTypes/ACCT/names is one of person, account, premise, sa, case, field_activity, service_task, todo",
		}},
		{"refuses a tag that contacts cannot carry", func(d *config.Document) { d.CharacteristicTypes[1].Tag = true }, []string{
			"/characteristicTypes/ACCT/tag is for a characteristic type of contacts",
		}},
		{"refuses a pattern that is none", func(d *config.Document) { d.CharacteristicTypes[1].Pattern = "(" }, []string{
			"/characteristicTypes/ACCT/pattern is no regular expression (RE2)",
		}},
		{"refuses values that are not lawful themselves", func(d *config.Document) { d.CharacteristicTypes[2].Values = []string{"A", "A", "", "b"} }, []string{
			"/characteristicTypes/CODE/values/1 is there twice", "/characteristicTypes/CODE/values/2 is not empty",
			"/characteristicTypes/CODE/values/3 is not of the form of the pattern",
		}},
		{"refuses an Identifier Type's mistakes", func(d *config.Document) { d.IdentifierTypes[0].Pattern, d.IdentifierTypes[0].Shown = "[", -1 }, []string{
			"/identifierTypes/SSN/pattern is no regular expression (RE2)", "/identifierTypes/SSN/shown is not negative",
		}},
		{"refuses an amount that is none", func(d *config.Document) { d.DepositClasses[0].Recommended = "1e3" }, []string{
			"/depositClasses/RES/recommended is an amount above nothing, as 150.00",
		}},
		{"refuses a deposit of nothing, and more than all of it", func(d *config.Document) {
			d.DepositClasses[0].Recommended, d.DepositClasses[0].Tolerance = "0.00", 101
		}, []string{"/depositClasses/RES/recommended is an amount above nothing, as 150.00", "/depositClasses/RES/tolerance is between 0 and 100 percent"}},
		{"refuses an SA type's mistakes", func(d *config.Document) {
			d.SATypes[0] = config.SAType{Division: "east", Code: "DEP-I", SpecialRole: "gift", DepositClass: "NONE"}
		}, []string{
			"/saTypes/east/DEP-I/depositClass names no deposit class", "/saTypes/east/DEP-I/division names no division",
			"/saTypes/east/DEP-I/specialRole is one of cash_deposit, loan, non_billed_budget, payment_arrangement, write_off, billable_charge",
		}},
		{"wants the deposit class of a deposit", func(d *config.Document) { d.SATypes[0].DepositClass = "" }, []string{
			"/saTypes/DEP-I/depositClass is required of a cash deposit",
		}},
		{"refuses a message's mistakes", func(d *config.Document) {
			m := &d.MessageCategories[0]
			m.Messages = append(m.Messages, config.Message{Number: 2, Text: map[string]string{"??": ""}}, config.Message{Number: 100000})
		}, []string{
			"/messageCategories/TODO/messages/100000 is a number from 1 to 99999", "/messageCategories/TODO/messages/100000/text is in one language at least",
			"/messageCategories/TODO/messages/2 is there twice", "/messageCategories/TODO/messages/2/text/?? is a language, as en-US",
			"/messageCategories/TODO/messages/2/text/?? is not empty",
		}},
		{"refuses a target that is no page", func(d *config.Document) { d.NavigationOptions[0].Target = "http://plain.example" }, []string{
			"/navigationOptions/CONTACT/target is a path, as /v1/contacts/{1}, or an https address",
		}},
		{"refuses another host as a path", func(d *config.Document) { d.NavigationOptions[0].Target = "//evil.example" }, []string{
			"/navigationOptions/CONTACT/target is a path, as /v1/contacts/{1}, or an https address",
		}},
		{"refuses places that are none", func(d *config.Document) { d.NavigationOptions[0].Target = "/v1/{0}" }, []string{
			"/navigationOptions/CONTACT/target its places are {1} to {9}, of the drill keys",
		}},
	})
}

func TestLintWork(t *testing.T) {
	t.Parallel()
	plant(t, config.Lint, []planted{
		{"refuses what a To Do Type names and is not there", func(d *config.Document) {
			v := &d.ToDoTypes[0]
			v.Navigation, v.Creation, v.Routing, v.Number, v.Roles, v.DefaultRole = "A", "B", "C", 9, []string{"D", ""}, "D"
			v.Overrides, v.Characteristics, v.Skills = nil, nil, []config.Skill{{Type: "E", Level: 10}}
		}, []string{
			"/todoTypes/TD-CCCB/creation names no Batch Control", "/todoTypes/TD-CCCB/messageNumber names no message: category and number",
			"/todoTypes/TD-CCCB/navigation names no Navigation Option", "/todoTypes/TD-CCCB/roles/0 names no To Do Role",
			"/todoTypes/TD-CCCB/roles/1 is required", "/todoTypes/TD-CCCB/routing names no Batch Control",
			"/todoTypes/TD-CCCB/skills/0/level is from 1 to 9", "/todoTypes/TD-CCCB/skills/0/type names no skill type",
		}},
		{"wants a role, and the default among them", func(d *config.Document) {
			d.ToDoTypes[0].Roles, d.ToDoTypes[0].DefaultRole, d.ToDoTypes[0].Overrides = nil, "", nil
		}, []string{"/todoTypes/TD-CCCB/defaultRole is one of the roles of the type", "/todoTypes/TD-CCCB/roles name at least one To Do Role"}},
		{"refuses a default role that the type does not permit", func(d *config.Document) { d.ToDoTypes[0].DefaultRole = "OTHER" }, []string{
			"/todoTypes/TD-CCCB/defaultRole is one of the roles of the type",
		}},
		{"refuses what stands twice in a To Do Type, and numbers out of bounds", func(d *config.Document) {
			v := &d.ToDoTypes[0]
			v.Priority, v.Keep, v.Roles, v.DrillKeys, v.SortKeys = 10, -1, []string{"CSR", "CSR"}, []string{"a", "a"}, []string{""}
			v.Skills = append(v.Skills, v.Skills[0])
		}, []string{
			"/todoTypes/TD-CCCB/drillKeys/1 is a name of its own", "/todoTypes/TD-CCCB/keepDays is not negative",
			"/todoTypes/TD-CCCB/priority is from 1 to 9", "/todoTypes/TD-CCCB/roles/1 is there twice",
			"/todoTypes/TD-CCCB/skills/1/type is there twice", "/todoTypes/TD-CCCB/sortKeys/0 is a name of its own",
		}},
		{"refuses overrides that contradict", func(d *config.Document) {
			d.ToDoTypes[0].Overrides = []config.MessageOverride{
				{Category: "TODO", Number: 1, Suppress: true, Role: "CSR"},
				{Category: "TODO", Number: 2},
				{Category: "TODO", Number: 2, Suppress: true},
				{Category: "TODO", Number: 7, Role: "OTHER"},
			}
		}, []string{
			"/todoTypes/TD-CCCB/messageOverrides/0/role a message is suppressed or goes to another role",
			"/todoTypes/TD-CCCB/messageOverrides/1 suppresses the message or names a role", "/todoTypes/TD-CCCB/messageOverrides/2 is there twice",
			"/todoTypes/TD-CCCB/messageOverrides/3/number names no message: category and number",
			"/todoTypes/TD-CCCB/messageOverrides/3/role is one of the roles of the type",
		}},
		{"refuses a role of users that are not there, and a group of two roles", func(d *config.Document) {
			d.ToDoRoles[1] = config.ToDoRole{Code: "OTHER", Users: []string{"eve", "ada", "ada"}, Groups: []string{"north/KEY", "south/KEY", "/KEY"}}
		}, []string{
			"/todoRoles/OTHER/groups/0 is that of role CSR already", "/todoRoles/OTHER/groups/1 names no division",
			"/todoRoles/OTHER/groups/2 is a group, or a division, a slash and a group", "/todoRoles/OTHER/users/0 names no user",
			"/todoRoles/OTHER/users/2 is there twice",
		}},
		{"refuses a user's mistakes", func(d *config.Document) {
			d.Users[0].Email, d.Users[0].Skills = "Ada <ada@north.example>", []config.Skill{{Type: "NONE", Level: 0}}
		}, []string{"/users/ada/email is an email address", "/users/ada/skills/0/level is from 1 to 9", "/users/ada/skills/0/type names no skill type"}},
		{"refuses a batch's mistakes", func(d *config.Document) {
			d.BatchControls[0] = config.BatchControl{
				Code: "TD-CCCB", Threads: 65, Commit: -1, MaxErrors: -1, Schedule: "every day", CatchUp: "twice", Division: "east",
			}
		}, []string{
			"/batchControls/TD-CCCB/catchUp is one of once, skip", "/batchControls/TD-CCCB/commit is from 1 to 5000",
			"/batchControls/TD-CCCB/division names no division", "/batchControls/TD-CCCB/maxErrors is not negative",
			"/batchControls/TD-CCCB/schedule is a cron expression of five fields, as 30 5 * * 1-5", "/batchControls/TD-CCCB/threads is from 1 to 64",
		}},
		{"refuses a schedule in a zone of its own", func(d *config.Document) { d.BatchControls[0].Schedule = "TZ=UTC" }, []string{
			"/batchControls/TD-CCCB/schedule is a cron expression of five fields, as 30 5 * * 1-5",
		}},
		{"refuses a parameter without name", func(d *config.Document) { d.BatchControls[2].Parameters = map[string]string{"": "x"} }, []string{
			"/batchControls/OURS/parameters a parameter has a name",
		}},
	})
}

func TestLintBatches(t *testing.T) {
	t.Parallel()
	takes := map[string][]plugin.Parameter{
		"TD-CCCB": {{Name: "LEAD-DAYS", Kind: plugin.Integer, Most: 99}}, "DEPRVW": {{Name: "TYPE", Kind: plugin.ToDoKind}},
	}
	plant(t, func(d config.Document) []fault.Violation { return config.LintBatches(d, takes) }, []planted{
		{"takes what is right", func(d *config.Document) { d.BatchControls[1].Parameters = map[string]string{"TYPE": "TD-CCCB"} }, nil},
		{"leaves the parameters of a batch alone that the program does not know", func(d *config.Document) {
			d.BatchControls[1].Parameters, d.BatchControls[2].Parameters = nil, map[string]string{"WHAT": "ever"}
		}, nil},
		{"refuses parameters that are unknown, badly written or name nothing", func(d *config.Document) {
			d.BatchControls[0].Parameters = map[string]string{"LEAD-DAYS": "100", "LEED-DAYS": "1"}
			d.BatchControls[1].Parameters = map[string]string{"TYPE": "NONE"}
		}, []string{
			"/batchControls/DEPRVW/parameters/TYPE names no To Do Type", "/batchControls/TD-CCCB/parameters/LEAD-DAYS is a whole number from 0 to 99",
			"/batchControls/TD-CCCB/parameters/LEED-DAYS is no parameter of this batch",
		}},
	})
}
