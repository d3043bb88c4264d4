package contract

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"carillon/core/fault"
)

// kinds are the kinds of a body that names its own in a field (OpenAPI discriminator), each with its schema.
type kinds struct {
	field   string
	schemas map[string]*lazySchema
}

// Shape is what a right body looks like.
type Shape struct {
	schema   *lazySchema
	kinds    kinds // of a body that is of several kinds
	optional bool  // it may be left out
}

// Wrong lists everything that is wrong with a body that is JSON, or empty, by its schema.
func (s *Shape) Wrong(body []byte) []fault.Violation {
	if len(bytes.TrimSpace(body)) == 0 {
		if s.optional {
			return nil
		}
		return []fault.Violation{{Field: "", Reason: "a body is required"}}
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	if s.kinds.field == "" {
		return violations(s.schema, tree)
	}
	return s.kinds.wrong(tree)
}

// wrong checks a body by the schema of the kind it says it is, so that nothing is told of the others.
func (k kinds) wrong(tree any) []fault.Violation {
	fields, isObject := tree.(map[string]any)
	if !isObject {
		return []fault.Violation{{Field: "", Reason: "must be of type object"}}
	}
	named, there := fields[k.field]
	kind, _ := named.(string)
	schema, known := k.schemas[kind]
	switch {
	case !there:
		return []fault.Violation{{Field: "/" + k.field, Reason: "is required"}}
	case !known:
		one := strings.Join(slices.Sorted(maps.Keys(k.schemas)), ", ")
		return []fault.Violation{{Field: "/" + k.field, Reason: "must be one of " + one}}
	}
	return violations(schema, tree)
}

// violations lists everything that is wrong with a value, by JSON pointer. No reason repeats a value.
func violations(schema *lazySchema, value any) []fault.Violation {
	var bad *jsonschema.ValidationError
	if err := schema.must().Validate(value); err == nil || !errors.As(err, &bad) {
		return nil
	}
	g := gathering{all: schema.all}
	g.add(bad)
	slices.SortStableFunc(g.wrong, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return slices.Compact(g.wrong)
}

// gathering collects what a validation found.
type gathering struct {
	all   *schemas
	wrong []fault.Violation
}

func (g *gathering) add(e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		g.add(cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			g.wrong = append(g.wrong, fault.Violation{Field: at + "/" + escapeToken(name), Reason: "is required"})
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			g.wrong = append(g.wrong, fault.Violation{Field: at + ShownName(name), Reason: "is not a field here"})
		}
	default:
		g.wrong = append(g.wrong, fault.Violation{Field: at, Reason: g.reason(e)})
	}
}

// reason says what a right value would be.
func (g *gathering) reason(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return "must be of type " + strings.Join(k.Want, " or ")
	case *kind.Enum:
		all := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			all = append(all, fmt.Sprint(w))
		}
		return "must be one of " + strings.Join(all, ", ")
	case *kind.Pattern, *kind.Format:
		if says := g.all.says(e.SchemaURL); says != "" {
			return says
		}
		if format, ok := k.(*kind.Format); ok {
			return "must be a " + format.Want
		}
		return notAsDescribed
	case *kind.UniqueItems:
		return "must not repeat an item"
	}
	return bound(e.ErrorKind)
}

// notAsDescribed is said of what is wrong in a way that has no words of its own.
const notAsDescribed = "is not as described"

// bound says which limit a value does not keep.
func bound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d fields", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d fields", k.Want)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	}
	return notAsDescribed
}

// pointer writes the JSON pointer of a place, as far as its names may be shown.
func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		next := ShownName(t)
		if next == "" {
			break
		}
		b.WriteString(next)
	}
	return b.String()
}

// nameLike matches what looks like a field's name.
const nameLike = `^[A-Za-z_-][A-Za-z0-9_-]{0,63}$`

// longestList is more than any list of the contract may have.
const longestList = 10000

// ShownName is a name that the caller chose as a token of a pointer; empty when it does not look like a name, for it
// may be anything then, a phone number for one. Short numbers are places in a list.
func ShownName(name string) string {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < longestList {
		return "/" + strconv.Itoa(n)
	}
	if ok, err := regexp.MatchString(nameLike, name); err != nil || !ok {
		return ""
	}
	return "/" + name
}

// Optional reports whether the body may be left out.
func (s *Shape) Optional() bool { return s.optional }
