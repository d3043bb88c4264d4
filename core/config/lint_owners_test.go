package config_test

import (
	"slices"
	"strings"
	"testing"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/plugin"
)

func TestLintOwners(t *testing.T) {
	t.Parallel()
	dun := &config.ContactRule{Class: "CRED", Type: "DUN"}
	plant(t, config.Lint, []planted{
		{"refuses a kind that is none", func(d *config.Document) { owner(d, "SPRING").Kind = "fair" }, []string{"/owners/fair:SPRING/kind is no kind of owner"}},
		{"refuses fields of another kind", func(d *config.Document) {
			v := owner(d, "SPRING")
			v.Statuses, v.Events, v.Contact, v.Message = []string{"A"}, []config.TemplateEvent{{Sequence: 1, Type: "LTR"}}, dun, &config.MessageRule{}
			v.Characteristics, v.BusinessObject = []plugin.CharacteristicUse{{Type: "CODE"}}, "C1-CreateCustomerContact"
		}, []string{
			"/owners/campaign:SPRING/businessObject names no business object of this kind", "/owners/campaign:SPRING/characteristics are not for a campaign",
			"/owners/campaign:SPRING/contact is not for a campaign: the algorithms on it name their contact type",
			"/owners/campaign:SPRING/events are those of a process template", "/owners/campaign:SPRING/message is for a lead_event_type",
			"/owners/campaign:SPRING/statuses are those of a case_type",
		}},
		{"wants the statuses of a case type", func(d *config.Document) { owner(d, "HIGHBILL").Statuses = nil }, []string{"/owners/case_type:HIGHBILL/statuses name at least one"}},
		{"refuses a status twice", func(d *config.Document) { owner(d, "HIGHBILL").Statuses = []string{"OPEN", "OPEN"} }, []string{
			"/owners/case_type:HIGHBILL/statuses/1 is a status of its own, without slash and brackets",
		}},
		{"refuses a case's characteristic that is a contact's", func(d *config.Document) { owner(d, "HIGHBILL").Characteristics[0].Type = "TAG" }, []string{
			"/owners/case_type:HIGHBILL/characteristics/0/type is not for a case",
		}},
		{"wants the events of a template", func(d *config.Document) { owner(d, "COLL").Events = nil }, []string{"/owners/collection_process_template:COLL/events name at least one"}},
		{"refuses events of another process, or out of order", func(d *config.Document) {
			owner(d, "COLL").Events = []config.TemplateEvent{{Sequence: 20, Type: "LTR", Days: 5}, {Sequence: 10, Type: "SEV", Days: 4}}
		}, []string{
			"/owners/collection_process_template:COLL/events/1/days is not before the event before",
			"/owners/collection_process_template:COLL/events/1/sequence is above that of the event before",
			"/owners/collection_process_template:COLL/events/1/type names no collection_event_type",
		}},
		{"refuses a contact that is not there", func(d *config.Document) { owner(d, "LTR").Contact = &config.ContactRule{Class: "CRED", Type: "NONE"} }, []string{
			"/owners/collection_event_type:LTR/contact names no contact type",
		}},
		{"refuses a contact of an inactive type", func(d *config.Document) { lastType(d, "DUN").Inactive = true }, []string{
			"/owners/collection_event_type:LTR/contact names an inactive contact type",
		}},
		{"refuses a contact that wants what the event does not bring", func(d *config.Document) { owner(d, "LTR").Contact.Type = "HOUSE" }, []string{
			"/owners/collection_event_type:LTR/contact contact type CRED/HOUSE requires a premise, and collection_event_type/activation brings none",
		}},
		{"wants the contact of a workflow template", func(d *config.Document) { owner(d, "WF").Contact = nil }, []string{"/owners/workflow_process_template:WF/contact is required"}},
		{"wants a lead event type to do something", func(d *config.Document) { owner(d, "LEAD").Message = nil }, []string{
			"/owners/lead_event_type:LEAD/contact a lead event type makes a contact or a message",
		}},
		{"wants the contact of a lead event type whose business object makes one", func(d *config.Document) {
			owner(d, "LEAD").BusinessObject = "C1-LeadEvtTypeCreCCAbtInitv"
		}, []string{"/owners/lead_event_type:LEAD/contact is required"}},
		{"refuses a message that is not there", func(d *config.Document) {
			owner(d, "LEAD").Message = &config.MessageRule{Channel: "fax", Category: "TODO", Number: 9}
		}, []string{"/owners/lead_event_type:LEAD/message/channel is one of sms, email", "/owners/lead_event_type:LEAD/message/number names no message: category and number"}},
	})
}

// catalog is a few algorithms as lint needs to know them.
func catalog() plugin.Catalog {
	return plugin.Catalog{
		{Code: "INFO", Spots: []plugin.Spot{{Owner: "installation", Event: "todo_information"}, {Owner: "todo_type", Event: "information"}}},
		{
			Code:  "CREATE",
			Spots: []plugin.Spot{{Owner: "campaign", Event: "order_completion"}, {Owner: "sa_type", Event: "activation"}, {Owner: "case_type", Event: "enter_status"}},
			Parameters: []plugin.Parameter{
				{Name: "CONTACT", Kind: plugin.ContactKind, Required: true},
				{Name: "DAYS", Kind: plugin.Integer, Most: 9},
				{Name: "CHAR", Kind: plugin.CharType},
				{Name: "TEXT", Kind: plugin.MessageRef},
				{Name: "TYPE", Kind: plugin.ToDoKind},
				{Name: "ROLE", Kind: plugin.RoleCode},
				{Name: "FORM", Kind: plugin.TemplateRef},
			},
		},
		{
			Code: "RULED", Spots: []plugin.Spot{{Owner: "lead_event_type", Event: "lead_event"}, {Owner: "campaign", Event: "order_completion"}},
			Parameters: []plugin.Parameter{{Name: "CONTACT", Kind: plugin.ContactKind}, {Name: "CHAR", Kind: plugin.CharType}},
		},
		{Code: "COUNT", Spots: []plugin.Spot{{Owner: "installation", Event: "control_central_alert"}}, Parameters: []plugin.Parameter{{Name: "CONTACT", Kind: plugin.ContactKind}}},
		{Code: "FORMAT", Spots: []plugin.Spot{{Owner: "phone_type", Event: "format"}}},
		{Code: "VALID", Spots: []plugin.Spot{{Owner: "lead_event_type", Event: "validation"}}},
	}
}

func TestLintPlugs(t *testing.T) {
	t.Parallel()
	plugs := func(d config.Document) []fault.Violation { return config.LintPlugs(d, catalog()) }
	plug := func(d *config.Document, code, owner string) *config.Plug {
		i := slices.IndexFunc(d.Plugs, func(p config.Plug) bool { return p.Code == code && strings.HasPrefix(p.Owner, owner) })
		return &d.Plugs[i]
	}
	plant(t, plugs, []planted{
		{"takes what is right", func(*config.Document) {}, nil},
		{"refuses a code in other letters", func(d *config.Document) { d.Plugs[0].Code = "Info" }, []string{
			"/plugs/installation/todo_information/10/code names no algorithm; codes are case-sensitive: INFO",
		}},
		{"refuses a code that is none", func(d *config.Document) { d.Plugs[0].Code = "NONE" }, []string{"/plugs/installation/todo_information/10/code names no algorithm"}},
		{"refuses an algorithm at a spot that is not its own", func(d *config.Document) { d.Plugs[0].Code = "CREATE" }, []string{
			"/plugs/installation/todo_information/10/code CREATE does not hang on installation/todo_information; it hangs on campaign/order_completion, sa_type/activation, case_type/enter_status",
			"/plugs/installation/todo_information/10/parameters/CONTACT is required",
		}},
		{"refuses an owner that is not there", func(d *config.Document) { d.Plugs[1].Owner = "todo_type:NONE" }, []string{
			"/plugs/todo_type:NONE/information/10/owner names no To Do Type",
		}},
		{"refuses an SA type that no division has", func(d *config.Document) { plug(d, "CREATE", "sa_type").Owner = "sa_type:NONE" }, []string{
			"/plugs/sa_type:NONE/activation/10/owner names no SA type",
		}},
		{"refuses an owner of the CIS that is not there", func(d *config.Document) { plug(d, "CREATE", "campaign").Owner = "campaign:FALL" }, []string{
			"/plugs/campaign:FALL/order_completion/10/owner names no campaign",
		}},
		{"refuses an owner without code", func(d *config.Document) { d.Plugs[1].Owner = "todo_type:" }, []string{"/plugs/todo_type:/information/10/owner names no To Do Type"}},
		{"refuses a kind on which nothing hangs", func(d *config.Document) { d.Plugs[1].Owner = "user:ada" }, []string{
			"/plugs/user:ada/information/10/code INFO does not hang on user/information; it hangs on installation/todo_information, todo_type/information",
			"/plugs/user:ada/information/10/owner names no kind of object that algorithms hang on",
		}},
		{"refuses a code of the installation", func(d *config.Document) { d.Plugs[0].Owner = "installation:X" }, []string{
			"/plugs/installation:X/todo_information/10/owner the installation has no code",
		}},
		{"wants event and sequence", func(d *config.Document) { d.Plugs[0].Event, d.Plugs[0].Sequence = "", 0 }, []string{
			"/plugs/installation//0/code INFO does not hang on installation/; it hangs on installation/todo_information, todo_type/information",
			"/plugs/installation//0/event is required", "/plugs/installation//0/sequence is at least 1",
		}},
		{"refuses a status that the case type has not", func(d *config.Document) { plug(d, "CREATE", "case_type").Status = "LOST" }, []string{
			"/plugs/case_type:HIGHBILL/enter_status(LOST)/10/status is a status of the case type",
		}},
		{"refuses a status elsewhere", func(d *config.Document) { d.Plugs[0].Status = "OPEN" }, []string{
			"/plugs/installation/todo_information(OPEN)/10/status is for case_type/enter_status",
		}},
		{"refuses a second format of a phone type", func(d *config.Document) {
			second := *plug(d, "FORMAT", "phone_type")
			second.Sequence = 20
			d.Plugs = append(d.Plugs, second)
		}, []string{"/plugs/phone_type:CELL/format/20 is a second algorithm where one hangs"}},
		{"refuses parameters that are unknown, missing or badly written", func(d *config.Document) {
			plug(d, "CREATE", "campaign").Parameters = plugin.Parameters{"DAYS": "10", "WAYS": "1"}
		}, []string{
			"/plugs/campaign:SPRING/order_completion/10/parameters/CONTACT is required",
			"/plugs/campaign:SPRING/order_completion/10/parameters/DAYS is a whole number from 0 to 9",
			"/plugs/campaign:SPRING/order_completion/10/parameters/WAYS is no parameter of CREATE",
		}},
		{"refuses parameters that name what is not configured", func(d *config.Document) {
			plug(d, "CREATE", "sa_type").Parameters = plugin.Parameters{"CONTACT": "X/Y", "CHAR": "X", "TEXT": "TODO/9", "TYPE": "X", "ROLE": "X", "FORM": "X"}
		}, []string{
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/CHAR names no characteristic type",
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/CONTACT names no contact type",
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/FORM names no template",
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/ROLE names no To Do Role",
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/TEXT names no message: category and number",
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/TYPE names no To Do Type",
		}},
		{"finds before run time that an event cannot satisfy its contact type", func(d *config.Document) {
			plug(d, "CREATE", "sa_type").Parameters = plugin.Parameters{"CONTACT": "CRED/HOUSE"}
		}, []string{
			"/plugs/sa_type:NBB-MRR/activation/10/parameters/CONTACT contact type CRED/HOUSE requires a premise, and sa_type/activation brings none",
		}},
		{"refuses an inactive contact type", func(d *config.Document) { lastType(d, "HOUSE").Inactive = true }, []string{
			"/plugs/campaign:SPRING/order_completion/10/parameters/CONTACT names an inactive contact type",
			"/plugs/case_type:HIGHBILL/enter_status(OPEN)/10/parameters/CONTACT names an inactive contact type",
		}},
		{"refuses a characteristic that the contact type does not carry", func(d *config.Document) {
			plug(d, "CREATE", "sa_type").Parameters["CHAR"] = "ACCT"
		}, []string{"/plugs/sa_type:NBB-MRR/activation/10/parameters contact type CRED/DUN does not carry characteristic ACCT"}},
		{"refuses a contact type whose required characteristic nothing gives", func(d *config.Document) {
			lastType(d, "HOUSE").Characteristics = []plugin.CharacteristicUse{{Type: "TAG", Required: true}}
		}, []string{
			"/plugs/campaign:SPRING/order_completion/10/parameters/CONTACT contact type CRED/HOUSE requires characteristic TAG, and nothing gives it",
			"/plugs/case_type:HIGHBILL/enter_status(OPEN)/10/parameters/CONTACT contact type CRED/HOUSE requires characteristic TAG, and nothing gives it",
		}},
		{"lets the owner name the contact type", func(d *config.Document) {
			owner(d, "LEAD").Contact = &config.ContactRule{Class: "CRED", Type: "SENT"}
			d.Plugs = append(d.Plugs, config.Plug{Owner: "lead_event_type:LEAD", Event: "lead_event", Sequence: 10, Code: "RULED"})
		}, nil},
		{"refuses a creator where neither the plug nor the owner names a contact type", func(d *config.Document) {
			d.Plugs = append(d.Plugs, config.Plug{Owner: "lead_event_type", Event: "lead_event", Sequence: 10, Code: "RULED"})
		}, []string{"/plugs/lead_event_type/lead_event/10/parameters/CONTACT is required: lead_event_type:LEAD names no contact type itself"}},
		{"asks only those owners that have none of their own", func(d *config.Document) {
			d.Plugs = append(d.Plugs, config.Plug{Owner: "campaign", Event: "order_completion", Sequence: 10, Code: "RULED"})
		}, nil},
		{"asks no usages of who only counts contacts", func(d *config.Document) {
			d.Plugs = append(d.Plugs, config.Plug{Owner: "installation", Event: "control_central_alert", Sequence: 10, Code: "COUNT", Parameters: plugin.Parameters{"CONTACT": "CRED/HOUSE"}})
		}, nil},
		{"refuses to count contacts of no type", func(d *config.Document) {
			d.Plugs = append(d.Plugs, config.Plug{Owner: "installation", Event: "control_central_alert", Sequence: 10, Code: "COUNT", Parameters: plugin.Parameters{"CONTACT": "CRED/NONE"}})
		}, []string{"/plugs/installation/control_central_alert/10/parameters/CONTACT names no contact type"}},
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	run := map[string]config.Validator{"VALID": func(o config.Owner, d config.Document, _ plugin.Parameters) []fault.Violation {
		if o.Message.Sender != "" || len(d.Divisions) == 0 {
			return nil
		}
		return []fault.Violation{{Field: "/message/sender", Reason: "is required"}}
	}}
	d := rich()
	if got := told(config.Validate(d, run)); !slices.Equal(got, []string{"/owners/lead_event_type:LEAD/message/sender is required"}) {
		t.Errorf("%q", got)
	}
	owner(&d, "LEAD").Message.Sender = "us@north.example"
	if got := config.Validate(d, run); len(got) != 0 {
		t.Errorf("%v", got)
	}
	owner(&d, "LEAD").Message.Sender, d.Plugs = "", nil
	if got := config.Validate(d, run); len(got) != 0 {
		t.Errorf("unplugged, it still runs: %v", got)
	}
}

// TestBrings proves that every spot at which contacts are made brings somebody.
func TestBrings(t *testing.T) {
	t.Parallel()
	for spot, want := range map[plugin.Spot][3]bool{
		{Owner: "campaign", Event: "order_completion"}:            {true, true, true},
		{Owner: "customer_class", Event: "order_completion"}:      {true, true, true},
		{Owner: "lead_event_type", Event: "lead_event"}:           {true, false, false},
		{Owner: "sa_type", Event: "activation"}:                   {true, true, false},
		{Owner: "adjustment_type", Event: "freeze"}:               {true, true, false},
		{Owner: "severance_event_type", Event: "activation"}:      {true, true, true},
		{Owner: "installation", Event: "control_central_alert"}:   {},
		{Owner: "todo_type", Event: "assignment"}:                 {},
		{Owner: "workflow_process_template", Event: "activation"}: {true, true, true},
	} {
		if person, account, premise := config.Brings(spot); [3]bool{person, account, premise} != want {
			t.Errorf("%s brings %t %t %t", spot, person, account, premise)
		}
	}
}

func TestCharacteristicValues(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind  config.CharacteristicType
		value string
		want  string
	}{
		{config.CharacteristicType{}, "anything", ""},
		{config.CharacteristicType{}, "", "is required"},
		{config.CharacteristicType{Values: []string{"A", "B"}}, "B", ""},
		{config.CharacteristicType{Values: []string{"A", "B"}}, "C", "is one of A, B"},
		{config.CharacteristicType{Pattern: "[0-9]+|x"}, "12", ""},
		{config.CharacteristicType{Pattern: "[0-9]+|x"}, "12x", "is not of the form of its characteristic type"},
	} {
		if got := row.kind.Check(row.value); got != row.want {
			t.Errorf("%+v of %q: %q, want %q", row.kind, row.value, got, row.want)
		}
	}
	ssn := config.IdentifierType{Pattern: `\d{3}`}
	if ssn.Check("123") != "" || ssn.Check("1234") != "is not of the form of its Identifier Type" || ssn.Check("") != "is required" {
		t.Error("identifiers are checked wrongly")
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rows, err := rich().Rows()
	if err != nil {
		t.Fatal(err)
	}
	back, err := config.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Compile(1, back); err != nil {
		t.Error(err)
	}
	if i := slices.IndexFunc(rows, func(r config.Row) bool { return r.Kind == "contact_type" && r.Code == "CRED/DUN" }); i < 0 {
		t.Error("no row of the contact type")
	}
	if lastType(&back, "DUN").Action != contact.SendLetter {
		t.Error("its action is lost")
	}
}
