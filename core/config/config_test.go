package config_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/template"
)

// document is a configuration with one of everything.
func document() config.Document {
	return config.Document{
		Divisions: []config.Division{{
			Code: "north", Zone: "America/New_York", Country: "US", Language: "en-US",
			Windows: map[message.Channel]consent.Window{message.SMS: {Opens: "08:00", Closes: "21:00"}},
			Routes:  map[message.Channel]string{message.SMS: "sms-1", message.Voice: "voice-1", message.Letter: "letters"},
			Replies: config.Replies{Stop: "STOPPED", Help: "HELPED"},
		}},
		Routes: []config.Route{
			{Code: "sms-1", Number: 1, Channel: message.SMS, Provider: "sns", Receipt: plan.Span(72 * time.Hour)},
			{Code: "voice-1", Number: 2, Channel: message.Voice, Provider: "feed", Sender: map[string]string{"vendor": "acme"}},
			{
				Code: "letters", Number: 3, Channel: message.Letter, Provider: "kafka", Slots: 1, Attempts: 2,
				First: plan.Span(time.Second), Longest: plan.Span(time.Minute), Hold: plan.Span(time.Hour), Expires: plan.Span(24 * time.Hour),
			},
		},
		Classes: []contact.Class{{Code: "OUTAGE"}},
		Types: []config.ContactType{{
			Type: contact.Type{Class: "OUTAGE", Code: "POWER", Person: contact.Required, Account: contact.Optional, Premise: contact.NotAllowed},
			Plan: plan.PlanRule{Urgency: message.Service, Doubt: message.Repeat, Steps: []plan.StepRule{
				{Channel: message.SMS, Template: "TEXT", Expires: plan.Span(time.Hour)}, {Channel: message.Letter, Template: "LETTER"},
			}},
		}},
		Templates: []template.Template{
			{Code: "TEXT", Channel: "sms", Parts: map[string]string{"text": "Power is back."}},
			{Code: "STOPPED", Channel: "sms", Parts: map[string]string{"text": "You will get no more."}},
			{Code: "HELPED", Channel: "sms", Parts: map[string]string{"text": "Call us."}},
			{Code: "LETTER", Channel: "letter", Required: []string{"amount"}},
			{Code: "MAIL", Channel: "email", Parts: map[string]string{"subject": "s", "text": "t", "html": "<p>t</p>"}},
			{Code: "CALL", Channel: "voice", Parts: map[string]string{"script": "s"}},
		},
	}
}

// TestLint plants one mistake a row.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says  string
		spoil func(*config.Document)
		want  []string
	}{
		{"takes what is right", func(*config.Document) {}, nil},
		{"wants a division", func(d *config.Document) { *d = config.Document{} }, []string{"/divisions"}},
		{"wants a division's code", func(d *config.Document) { d.Divisions[0].Code = "" }, []string{"/divisions/"}},
		{"wants a zone", func(d *config.Document) { d.Divisions[0].Zone = "" }, []string{"/divisions/north/zone"}},
		{"refuses a zone that is none", func(d *config.Document) { d.Divisions[0].Zone = "Mars/Olympus" }, []string{"/divisions/north/zone"}},
		{"refuses the machine's own zone", func(d *config.Document) { d.Divisions[0].Zone = "Local" }, []string{"/divisions/north/zone"}},
		{"wants a country of two letters", func(d *config.Document) { d.Divisions[0].Country = "USA" }, []string{"/divisions/north/country"}},
		{"wants a language", func(d *config.Document) { d.Divisions[0].Language = "" }, []string{"/divisions/north/language"}},
		{"refuses a window over midnight", func(d *config.Document) {
			d.Divisions[0].Windows[message.SMS] = consent.Window{Opens: "21:00", Closes: "08:00"}
		}, []string{"/divisions/north/windows/sms"}},
		{"refuses a division's route that is not there", func(d *config.Document) { d.Divisions[0].Routes[message.Email] = "mail" }, []string{"/divisions/north/routes/email"}},
		{"refuses a division's route of another channel", func(d *config.Document) { d.Divisions[0].Routes[message.Email] = "sms-1" }, []string{"/divisions/north/routes/email"}},
		{"refuses replies without template", func(d *config.Document) {
			d.Divisions[0].Replies = config.Replies{Stop: "NONE", Help: "MAIL"}
		}, []string{"/divisions/north/replies/help", "/divisions/north/replies/stop"}},
		{"refuses a division twice", func(d *config.Document) { d.Divisions = append(d.Divisions, d.Divisions[0]) }, []string{"/divisions/north"}},

		{"wants a route's code", func(d *config.Document) {
			d.Routes = append(d.Routes, config.Route{Number: 9, Channel: message.SMS, Provider: "sns"})
		}, []string{"/routes/"}},
		{"refuses a route without number", func(d *config.Document) { d.Routes[0].Number = 0 }, []string{"/routes/sms-1/number"}},
		{"refuses a route's number that is too large for a lane", func(d *config.Document) { d.Routes[0].Number = 8001 }, []string{"/routes/sms-1/number"}},
		{"refuses an age that gives up at once", func(d *config.Document) {
			d.Routes[0].Age = map[message.Urgency]plan.Span{message.Bulk: plan.Span(time.Second)}
		}, []string{"/routes/sms-1/age/bulk"}},
		{"refuses two routes of one number", func(d *config.Document) { d.Routes[0].Number = 2 }, []string{"/routes/number/2"}},
		{"refuses two routes of one code", func(d *config.Document) {
			d.Routes = append(d.Routes, config.Route{Code: "sms-1", Number: 9, Channel: message.SMS, Provider: "sns"})
		}, []string{"/routes/sms-1"}},
		{"refuses a channel that is none", func(d *config.Document) {
			d.Routes = append(d.Routes, config.Route{Code: "fax", Number: 9, Channel: "fax", Provider: "x"})
		}, []string{"/routes/fax/channel"}},
		{"wants a provider", func(d *config.Document) { d.Routes[0].Provider = "" }, []string{"/routes/sms-1/provider"}},
		{"refuses a pace below nothing", func(d *config.Document) { d.Routes[0].Pace = -1 }, []string{"/routes/sms-1/pace"}},
		{"refuses a pace that is no number", func(d *config.Document) { d.Routes[0].Pace = math.NaN() }, []string{"/routes/sms-1/pace"}},
		{"refuses a budget below nothing", func(d *config.Document) { d.Routes[0].Daily = -1 }, []string{"/routes/sms-1/daily"}},
		{"refuses a pace of letters", func(d *config.Document) {
			i := slices.IndexFunc(d.Routes, func(r config.Route) bool { return r.Channel == message.Letter })
			d.Routes[i].Pace = 1
		}, []string{"/routes/letters/pace"}},
		{"refuses shares that are none", func(d *config.Document) {
			d.Routes[0].Urgencies = map[message.Urgency]config.LaneRule{message.Emergency: {Share: 10}, message.Service: {Share: 101}, message.Bulk: {Slots: -1}}
		}, []string{"/routes/sms-1/lanes/bulk/slots", "/routes/sms-1/lanes/emergency/share", "/routes/sms-1/lanes/service/share"}},
		{"refuses fewer than no slots", func(d *config.Document) { d.Routes[0].Slots = -1 }, []string{"/routes/sms-1/slots"}},
		{"refuses fewer than no attempts", func(d *config.Document) { d.Routes[0].Attempts = -1 }, []string{"/routes/sms-1/slots"}},

		{"refuses a class twice", func(d *config.Document) { d.Classes = append(d.Classes, d.Classes[0]) }, []string{"/classes/OUTAGE"}},
		{"refuses a type twice", func(d *config.Document) { d.Types = append(d.Types, d.Types[0]) }, []string{"/types/OUTAGE/POWER"}},
		{"wants a type's code", func(d *config.Document) { d.Types[0].Code = "" }, []string{"/types/OUTAGE/"}},
		{"refuses a type of no class", func(d *config.Document) { d.Types[0].Class = "NONE" }, []string{"/types/NONE/POWER/class"}},
		{"refuses a usage that is none", func(d *config.Document) { d.Types[0].Account = "" }, []string{"/types/OUTAGE/POWER/account"}},
		{"refuses a type about nobody and nothing", func(d *config.Document) {
			d.Types[0].Person, d.Types[0].Plan.Steps = contact.NotAllowed, nil
		}, []string{"/types/OUTAGE/POWER/person"}},
		{"refuses a type that sends to nobody", func(d *config.Document) {
			d.Types[0].Person, d.Types[0].Premise = contact.NotAllowed, contact.Optional
		}, []string{"/types/OUTAGE/POWER/person"}},
		{"refuses a type of no division", func(d *config.Document) { d.Types[0].Division = "south" }, []string{"/types/OUTAGE/POWER/division"}},
		{"refuses a step without template", func(d *config.Document) { d.Types[0].Plan.Steps[1].Template = "NONE" }, []string{"/types/OUTAGE/POWER/plan/steps/1/template"}},
		{"refuses a step whose template is of another channel", func(d *config.Document) { d.Types[0].Plan.Steps[1].Template = "TEXT" }, []string{"/types/OUTAGE/POWER/plan/steps/1/template"}},
		{"refuses a step that a division cannot take", func(d *config.Document) {
			d.Types[0].Plan.Steps[1] = plan.StepRule{Channel: message.Email, Template: "MAIL"}
		}, []string{"/types/OUTAGE/POWER/plan/steps/1/channel"}},

		{"refuses a template twice", func(d *config.Document) { d.Templates = append(d.Templates, d.Templates[0]) }, []string{"/templates/TEXT"}},
		{"refuses a template of no channel", func(d *config.Document) { d.Templates[4].Channel = "fax" }, []string{"/templates/MAIL/channel"}},
		{"wants every part of a template", func(d *config.Document) {
			d.Templates[4].Parts = map[string]string{"html": "h"}
		}, []string{"/templates/MAIL/parts/subject", "/templates/MAIL/parts/text"}},
		{"wants a script", func(d *config.Document) { d.Templates[5].Parts = nil }, []string{"/templates/CALL/parts/script"}},
		{"refuses a part that the channel has not", func(d *config.Document) { d.Templates[3].Parts = map[string]string{"text": "t"} }, []string{"/templates/LETTER/parts/text"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			d := document()
			row.spoil(&d)
			got := fields(config.Lint(d))
			if !slices.Equal(got, row.want) {
				t.Errorf("wrong %v, want %v", got, row.want)
			}
			_, err := config.Compile(1, d)
			if fault.Is(err, fault.Invalid) != (row.want != nil) {
				t.Errorf("compiles: %v", err)
			}
		})
	}
	t.Run("names everything at once", func(t *testing.T) {
		t.Parallel()
		d := document()
		d.Divisions[0].Zone, d.Routes[0].Provider, d.Types[0].Class, d.Templates[0].Parts = "", "", "NONE", nil
		var f *fault.Error
		if _, err := config.Compile(1, d); !errors.As(err, &f) || len(f.Violations) != 4 {
			t.Errorf("%v", err)
		}
	})
}

func fields(wrong []fault.Violation) []string {
	var out []string
	for _, v := range wrong {
		out = append(out, v.Field)
	}
	slices.Sort(out)
	return out
}

func TestRows(t *testing.T) {
	t.Parallel()
	t.Run("put together again are the document", func(t *testing.T) {
		t.Parallel()
		rows, err := document().Rows()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.FromRows(rows)
		if err != nil || !reflect.DeepEqual(back, document()) {
			t.Errorf("%+v: %v", back, err)
		}
		if got := rows[4]; got.Kind != config.KindClass && got.Kind != config.KindType {
			t.Errorf("%+v", got)
		}
	})
	t.Run("say in words what is numbers inside", func(t *testing.T) {
		t.Parallel()
		b, err := json.Marshal(document())
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{`"urgency":"service"`, `"in_doubt":"repeat"`, `"receipt":"72h0m0s"`} {
			if !strings.Contains(string(b), word) {
				t.Errorf("no %s in %s", word, b)
			}
		}
	})
	for says, row := range map[string]config.Row{
		"of an unknown kind are refused": {Kind: "colour", Code: "RED", Body: "{}"},
		"that are no JSON are refused":   {Kind: config.KindRoute, Code: "R", Body: "{"},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			if _, err := config.FromRows([]config.Row{row}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), row.Code) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	s, err := config.Compile(7, document())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("finds what is there and not what is not", func(t *testing.T) {
		t.Parallel()
		_, division := s.Division("north")
		_, route := s.Route("sms-1")
		_, kind := s.Type("OUTAGE", "POWER")
		_, form := s.Template("TEXT")
		_, none := s.Division("south")
		_, nowhere := s.Route("x")
		_, nothing := s.Type("OUTAGE", "x")
		_, empty := s.Template("x")
		if !division || !route || !kind || !form || none || nowhere || nothing || empty || s.Version != 7 {
			t.Error("looks things up wrongly")
		}
	})
	t.Run("gives a small route what it does not say", func(t *testing.T) {
		t.Parallel()
		r, _ := s.Route("sms-1")
		if r.Slots != 8 || r.Attempts != 8 || r.First.Of() != 2*time.Second || r.Longest.Of() != 15*time.Minute || r.Hold.Of() != 72*time.Hour || r.Expires != 0 {
			t.Errorf("%+v", r)
		}
		if v, _ := s.Route("voice-1"); v.Expires.Of() != 24*time.Hour {
			t.Errorf("a call without expiry: %+v", v)
		}
		if l, _ := s.Route("letters"); l.Slots != 1 || l.Attempts != 2 || l.First.Of() != time.Second || l.Hold.Of() != time.Hour || l.Expires.Of() != 24*time.Hour {
			t.Errorf("what was said is lost: %+v", l)
		}
	})
	t.Run("tries a message for as long as its route says, else for as long as its urgency is worth", func(t *testing.T) {
		t.Parallel()
		r, _ := s.Route("sms-1")
		r.Age = map[message.Urgency]plan.Span{message.Bulk: plan.Span(time.Hour)}
		for u, want := range map[message.Urgency]time.Duration{
			message.Emergency: 24 * time.Hour, message.Regulatory: 240 * time.Hour, message.Service: 168 * time.Hour, message.Bulk: time.Hour,
		} {
			if got := r.AgeOf(u); got != want {
				t.Errorf("%s: %s", u, got)
			}
		}
	})
	t.Run("has lanes, most urgent first, and finds their route", func(t *testing.T) {
		t.Parallel()
		r := s.Routes()[1]
		for i, l := range r.Lanes() {
			back, known := s.RouteOf(l)
			if !known || back.Code != r.Code || l.Urgency() != message.Urgencies()[i] {
				t.Errorf("lane %d: %+v", l, back)
			}
		}
		if _, known := s.RouteOf(message.NewLane(99, message.Bulk)); known {
			t.Error("a lane of no route is known")
		}
	})
	t.Run("knows a division's zone and hours", func(t *testing.T) {
		t.Parallel()
		if s.Zone("north").String() != "America/New_York" || s.Zone("south") != time.UTC {
			t.Error("another zone")
		}
		if s.Window("north", message.SMS).Opens != "08:00" || !s.Window("north", message.Email).Always() || !s.Window("south", message.SMS).Always() {
			t.Error("another window")
		}
	})
	t.Run("is the document it was compiled from", func(t *testing.T) {
		t.Parallel()
		if !reflect.DeepEqual(s.Document(), document()) {
			t.Error("another document")
		}
	})
}

func TestTypeWithoutPlan(t *testing.T) {
	t.Parallel()
	d := document()
	i := len(d.Types) - 1
	step := d.Types[i].Plan.Steps[0]
	d.Types[i].Plan.Steps, d.Types[i].Send = nil, &step
	s, err := config.Compile(1, d)
	if err != nil {
		t.Fatal(err)
	}
	if kind, _ := s.Type(d.Types[i].Class, d.Types[i].Code); len(kind.Plan.Steps) != 1 || kind.Plan.Steps[0] != step {
		t.Errorf("its plan is %+v", kind.Plan)
	}
	d.Types[i].Plan.Steps = []plan.StepRule{step}
	if wrong := config.Lint(d); len(wrong) == 0 {
		t.Error("a type with a plan and a step of its own was let through")
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	r := config.Route{Slots: 8, Urgencies: map[message.Urgency]config.LaneRule{message.Emergency: {Slots: 32}, message.Bulk: {Share: 5}}}
	if got := r.Shares(); !slices.Equal(got, []float64{0, 50, 30, 5}) {
		t.Errorf("shares %v", got)
	}
	if r.SlotsOf(message.Emergency) != 32 || r.SlotsOf(message.Bulk) != 8 {
		t.Errorf("slots %d and %d", r.SlotsOf(message.Emergency), r.SlotsOf(message.Bulk))
	}
}
