package plugin

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParameterKind says how the text of a parameter is read and checked when it is configured.
type ParameterKind string

// The kinds of parameter.
const (
	Words       ParameterKind = "words"        // any text
	Integer     ParameterKind = "integer"      // a whole number, Least to Most
	Switch      ParameterKind = "switch"       // Y or N
	Choice      ParameterKind = "choice"       // one of Choices
	Day         ParameterKind = "day"          // YYYY-MM-DD
	ContactKind ParameterKind = "contact_type" // CLASS/TYPE of a configured contact type
	CharType    ParameterKind = "char_type"    // a configured characteristic type
	MessageRef  ParameterKind = "message"      // CATEGORY/NUMBER of a configured message
	ToDoKind    ParameterKind = "todo_type"    // a configured To Do Type
	RoleCode    ParameterKind = "todo_role"    // a configured To Do Role
	TemplateRef ParameterKind = "template"     // a configured template
)

// Parameter describes one parameter of an algorithm.
type Parameter struct {
	Name     string        `json:"name"`
	Kind     ParameterKind `json:"kind"`
	Required bool          `json:"required,omitempty"`
	Default  string        `json:"default,omitempty"`
	Least    int           `json:"least,omitempty"` // of an integer
	Most     int           `json:"most,omitempty"`  // of an integer; 0: no bound
	Choices  []string      `json:"choices,omitempty"`
	Tells    string        `json:"tells,omitempty"` // what it is for
}

// Check returns what is wrong with a value, or "". Whether what it names is configured is for the configuration to say.
func (p Parameter) Check(value string) string {
	if value == "" {
		if p.Required && p.Default == "" {
			return "is required"
		}
		return ""
	}
	return p.checkText(value)
}

func (p Parameter) checkText(value string) string {
	switch {
	case p.Kind == Integer && !p.within(value):
		return p.bounds()
	case p.Kind == Switch && value != "Y" && value != "N":
		return "is Y or N"
	case p.Kind == Choice && !slices.Contains(p.Choices, value):
		return "is one of " + strings.Join(p.Choices, ", ")
	case p.Kind == Day && !isDay(value):
		return "is a date, as 2026-03-31"
	}
	return ""
}

func isDay(value string) bool {
	_, err := time.Parse(time.DateOnly, value)
	return err == nil
}

// within reports whether the value is a whole number within the bounds.
func (p Parameter) within(value string) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= p.Least && (p.Most == 0 || n <= p.Most)
}

func (p Parameter) bounds() string {
	if p.Most > 0 {
		return "is a whole number from " + strconv.Itoa(p.Least) + " to " + strconv.Itoa(p.Most)
	}
	return "is a whole number of at least " + strconv.Itoa(p.Least)
}

// Algorithm describes one algorithm by its exact code: where it may hang and what it may be told.
type Algorithm struct {
	Code       string      `json:"code"`
	Tells      string      `json:"tells"` // what it does
	Spots      []Spot      `json:"spots"`
	Parameters []Parameter `json:"parameters,omitempty"`
}

// With are the parameters of a plug, with the defaults of those it does not give.
func (a Algorithm) With(p Parameters) Parameters {
	all := maps.Clone(p)
	if all == nil {
		all = make(Parameters, len(a.Parameters))
	}
	for _, one := range a.Parameters {
		if all[one.Name] == "" && one.Default != "" {
			all[one.Name] = one.Default
		}
	}
	return all
}

// Catalog is every algorithm there is.
type Catalog []Algorithm

// Find looks an algorithm up; codes are case-sensitive.
func (c Catalog) Find(code string) (Algorithm, bool) {
	i := slices.IndexFunc(c, func(a Algorithm) bool { return a.Code == code })
	if i < 0 {
		return Algorithm{}, false
	}
	return c[i], true
}

// Spot is a place where algorithms hang: a kind of configuration object and its system event.
type Spot struct {
	Owner string `json:"owner"` // the kind of configuration object, as todo_type
	Event string `json:"event"` // its system event, as information
}

// String is owner and event, as todo_type/information.
func (s Spot) String() string { return s.Owner + "/" + s.Event }
