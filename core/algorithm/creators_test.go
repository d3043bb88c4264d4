package algorithm_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"carillon/core/algorithm"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
)

// thirteen are the creators of the process, and what is beside them, each with an event at home on its spot.
func creatorsAtHome() map[string]occurrence.Kind {
	return map[string]occurrence.Kind{
		"CCEE-CC": occurrence.KindOrder, "CAOC-CC": occurrence.KindOrder, "C1-LETCRECC": occurrence.KindLead,
		"SCMC-CC": occurrence.KindMember, "SCMA-CC": occurrence.KindMemberActive, "SAAT-CC": occurrence.KindBudget,
		"MRRCRECC": occurrence.KindMeterRemark, "FACT-CCC": occurrence.KindFieldRemark, "C1-CREATECC": occurrence.KindTask,
		"C2M-ADJFRCC": occurrence.KindAdjustment, "C1-OE-CC": occurrence.KindOverdue, "C1-CE-CC": occurrence.KindCut,
		"CSEN-CC": occurrence.KindCase, "C1-ExpCardLe": occurrence.KindCard, "C1-CreCustCn": occurrence.KindDeposit,
	}
}

func raised(t *testing.T, k occurrence.Kind, change map[string]any) occurrence.Event {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "occurrence", "testdata", string(k)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range change {
		fields[name] = value
		if value == nil {
			delete(fields, name)
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	e, err := occurrence.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// kinds are the contact types of the tests: of any usage, one that allows neither account nor premise, one inactive.
func kinds(class, code string) (contact.Type, bool) {
	t := contact.Type{Class: class, Code: code, Person: contact.Required, Account: contact.Optional, Premise: contact.Optional}
	switch class + "/" + code {
	case "A/ANY", "A/OTHER":
		return t, true
	case "A/BARE":
		t.Account, t.Premise = contact.NotAllowed, contact.NotAllowed
		return t, true
	case "A/PLACE":
		t.Person, t.Premise = contact.NotAllowed, contact.Required
		return t, true
	case "A/TASK":
		t.Characteristics = []plugin.CharacteristicUse{{Type: "TASK-ID"}, {Type: "CREW"}}
		return t, true
	case "A/OLD":
		t.Inactive = true
		return t, true
	}
	return contact.Type{}, false
}

func occasion(e occurrence.Event) contact.Occasion {
	return contact.Occasion{
		Event: e, Today: "2026-11-20", Person: 1000000001, Account: e.Account, Premise: e.Premise, Active: true, Types: kinds,
		Text: func(category string, number int, parameters ...string) string {
			if category != "EVENT" || number != 1 {
				return ""
			}
			return "of " + strings.Join(parameters[:2], ", ")
		},
	}
}

func parameters(more ...string) plugin.Parameters {
	p := plugin.Parameters{"contactType": "A/ANY", "message": "EVENT/1", "characteristic": "SOURCE"}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i]] = more[i+1]
	}
	return p
}

func TestEveryCreatorMakesItsContact(t *testing.T) {
	t.Parallel()
	all := algorithm.Creators()
	if len(all) != len(creatorsAtHome()) {
		t.Errorf("%d creators", len(all))
	}
	for code, kind := range creatorsAtHome() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			e := raised(t, kind, map[string]any{"premise": "5000000001", "account": "4000000001", "recipient": nil, "characteristics": nil})
			o := occasion(e)
			made, err := all[code](o, parameters())
			if err != nil || made.Skipped != "" {
				t.Fatalf("%+v, %v", made, err)
			}
			add := made.Add
			if add.Class != "A" || add.Type != "ANY" || add.Person != 1000000001 || add.Account != "4000000001" || add.Premise != "5000000001" {
				t.Errorf("%+v", add)
			}
			if add.Comments != "of "+e.Object+", "+e.Values()[1] {
				t.Errorf("comments %q", add.Comments)
			}
			if !slices.Contains(add.Characteristics, plugin.Characteristic{Type: "SOURCE", Value: e.Object}) {
				t.Errorf("characteristics %v do not point back to the source object", add.Characteristics)
			}
			if made.Task != (code == "C1-CREATECC") {
				t.Errorf("task: %v", made.Task)
			}
		})
	}
}

func TestEveryCreatorHangsElsewhereToo(t *testing.T) {
	t.Parallel()
	for code := range creatorsAtHome() {
		about, there := algorithm.Catalog().Find(code)
		if !there {
			t.Errorf("%s is not in the catalog", code)
			continue
		}
		for _, kind := range occurrence.Kinds() {
			e := raised(t, kind, map[string]any{"recipient": nil, "characteristics": nil})
			spot := e.Detail.Sites()[0].Spot
			if code == "C1-ExpCardLe" {
				if slices.Contains(about.Spots, spot) != (kind == occurrence.KindCard) {
					t.Errorf("%s hangs on %v", code, about.Spots)
				}
				continue
			}
			if !slices.Contains(about.Spots, spot) {
				t.Errorf("%s does not hang on %s", code, spot)
			}
			made, err := algorithm.Creators()[code](occasion(e), parameters("contactType", "A/OTHER", "characteristic", ""))
			if err != nil || made.Add.Type != "OTHER" || made.Add.Person != 1000000001 {
				t.Errorf("%s on %s: %+v, %v", code, spot, made, err)
			}
		}
	}
}

func TestUsagesAreResolvedBeforeTheContactIsAdded(t *testing.T) {
	t.Parallel()
	for code, kind := range creatorsAtHome() { // the known fault of CAOC-CC: it passed the premise whatever the type allows (process 3.4.1.1, step 2.2)
		o := occasion(raised(t, kind, map[string]any{"premise": "5000000001", "recipient": nil, "characteristics": nil}))
		made, err := algorithm.Creators()[code](o, parameters("contactType", "A/BARE"))
		if err != nil || made.Add.Account != "" || made.Add.Premise != "" || made.Add.Person == 0 {
			t.Errorf("%s: %+v, %v", code, made, err)
		}
		made, err = algorithm.Creators()[code](o, parameters("contactType", "A/PLACE"))
		if err != nil || made.Add.Person != 0 || made.Add.Premise != "5000000001" {
			t.Errorf("%s: %+v, %v", code, made, err)
		}
	}
}

func TestCreatorsRefuse(t *testing.T) {
	t.Parallel()
	for says, row := range map[string]struct {
		kind   string
		field  string
		reason string
		nobody bool
	}{
		"a type that is not configured": {"A/NONE", "/event", "contact type A/NONE is not configured or is inactive", false},
		"a type that is inactive":       {"A/OLD", "/event", "contact type A/OLD is not configured or is inactive", false},
		"no type":                       {"", "/event", "no contact class and type are configured for it", false},
		"a person nobody knows":         {"A/ANY", "/account", "names no loaded account with a main customer, and the event names nobody: contact type A/ANY needs a person", true},
	} {
		for code, kind := range creatorsAtHome() {
			o := occasion(raised(t, kind, map[string]any{"recipient": nil}))
			if row.nobody {
				o.Person = 0
			}
			_, err := algorithm.Creators()[code](o, parameters("contactType", row.kind))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Violations) != 1 || f.Violations[0].Field != row.field || f.Violations[0].Reason != row.reason {
				t.Errorf("%s, %s: %v", code, says, err)
			}
		}
	}
}

func TestARecipientServesWhoIsNotLoaded(t *testing.T) {
	t.Parallel()
	o := occasion(raised(t, occurrence.KindLead, nil))
	o.Person, o.Class, o.Type = 0, "A", "ANY"
	made, err := algorithm.Creators()["C1-LETCRECC"](o, nil)
	if err != nil || made.Add.Person != 0 || made.Add.Comments != "Solar on every roof" {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestTheConfigurationObjectMayNameTheContact(t *testing.T) {
	t.Parallel()
	for _, kind := range []occurrence.Kind{occurrence.KindCollection, occurrence.KindSeverance, occurrence.KindWriteOff, occurrence.KindWorkflow} {
		o := occasion(raised(t, kind, map[string]any{"description": "The third notice"}))
		o.Class, o.Type = "A", "ANY"
		made, err := algorithm.EventTypeRule()(o, nil)
		if err != nil || made.Add.Class != "A" || made.Add.Type != "ANY" || made.Add.Comments != "The third notice" {
			t.Errorf("%s: %+v, %v", kind, made, err)
		}
	}
}

func TestMeterReaderRemarkSkipsWithoutAnActiveSA(t *testing.T) {
	t.Parallel()
	o := occasion(raised(t, occurrence.KindMeterRemark, nil))
	o.Active = false
	made, err := algorithm.Creators()["MRRCRECC"](o, parameters())
	if err != nil || made.Skipped != "no active SA" || made.Add.Type != "" || made.Later {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestCommentsAreCutToTheField(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		o := occasion(raised(t, occurrence.KindCase, nil))
		said := rapid.StringN(0, 400, -1).Draw(r, "text")
		o.Text = func(string, int, ...string) string { return said }
		o.Event.Description = "described"
		made, err := algorithm.Creators()["CSEN-CC"](o, parameters())
		want := []rune(said)
		if said == "" {
			want = []rune("described")
		}
		if err != nil || made.Add.Comments != string(want[:min(len(want), 254)]) {
			r.Fatalf("%q, %v", made.Add.Comments, err)
		}
	})
}

func TestServiceTaskBringsItsCharacteristics(t *testing.T) {
	t.Parallel()
	run := func(own any, uses ...plugin.CharacteristicUse) (contact.Creation, error) {
		o := occasion(raised(t, occurrence.KindTask, map[string]any{"characteristics": own}))
		o.Class, o.Type, o.Uses = "A", "TASK", uses
		return algorithm.Creators()["C1-CREATECC"](o, plugin.Parameters{"characteristic": "TASK-ID"})
	}
	crew := map[string]any{"type": "CREW", "value": "7"}
	made, err := run([]any{crew}, plugin.CharacteristicUse{Type: "ORIGIN", Default: "PHONE"})
	want := []plugin.Characteristic{{Type: "TASK-ID", Value: "ACT-6001"}, {Type: "CREW", Value: "7"}}
	if err != nil || !slices.Equal(made.Add.Characteristics, want) || !made.Task {
		t.Errorf("%+v, %v: what its contact type has no place for stays with the task", made, err)
	}
	made, err = run(nil, plugin.CharacteristicUse{Type: "CREW", Default: "1"})
	if err != nil || !slices.Contains(made.Add.Characteristics, plugin.Characteristic{Type: "CREW", Value: "1"}) {
		t.Errorf("%+v, %v: the default of the task type", made, err)
	}
	for says, row := range map[string]struct {
		own    any
		uses   []plugin.CharacteristicUse
		field  string
		reason string
	}{
		"one that is required": {nil, []plugin.CharacteristicUse{{Type: "ORIGIN", Required: true}}, "/characteristics", "characteristic ORIGIN is required of the service task type"},
		"one that is for neither": {
			[]any{map[string]any{"type": "HAT", "value": "red"}}, nil, "/characteristics/0/type", "is no characteristic of the service task type or its contact type",
		},
	} {
		_, err := run(row.own, row.uses...)
		var f *fault.Error
		if !errors.As(err, &f) || f.Violations[0] != (fault.Violation{Field: row.field, Reason: row.reason}) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestExpiringCardIsToldInItsLeadMonths(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		expires, lead string
		skipped       string
		later         bool
	}{
		{"2026-10", "1", "the card has expired", false},
		{"2026-11", "1", "", false},
		{"2026-12", "1", "", false},
		{"2027-01", "1", "not due yet", true},
		{"2027-01", "2", "", false},
		{"2027-01", "", "not due yet", true},
		{"2026-12", "0", "not due yet", true},
		{"2026-11", "0", "", false},
	} {
		o := occasion(raised(t, occurrence.KindCard, map[string]any{"expires": row.expires}))
		made, err := algorithm.Creators()["C1-ExpCardLe"](o, parameters("leadMonths", row.lead))
		if err != nil || made.Skipped != row.skipped || made.Later != row.later || (made.Add.Type == "") != (row.skipped != "") {
			t.Errorf("%+v: %+v, %v", row, made, err)
		}
	}
}
