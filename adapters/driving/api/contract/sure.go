package contract

import (
	"bytes"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// check reports whether a value surely keeps a schema. False says nothing: the schema itself must be asked.
//
// A field that was left out and one whose value is Go's zero look alike. They are told apart by what a body can hold:
// one that holds neither an empty string nor null ([ambiguous]) gave a field that is empty no value.
type check func(v reflect.Value) bool

// ambiguous reports whether a body may hold an empty string or null.
func ambiguous(body []byte) bool {
	return bytes.Contains(body, []byte(`""`)) || bytes.Contains(body, []byte("null"))
}

func unsure(reflect.Value) bool   { return false }
func anything(reflect.Value) bool { return true }

// checkOf makes the check of values of a type by a schema. What it does not know it is unsure of.
func checkOf(schema *jsonschema.Schema, t reflect.Type) check {
	switch {
	case !isPlain(schema), schema.Ref != nil && saysMore(schema):
		return unsure
	case schema.Ref != nil:
		return checkOf(schema.Ref, t)
	}
	return ownCheck(schema, t)
}

// isPlain reports whether a schema has only keywords that [ownCheck] knows.
func isPlain(s *jsonschema.Schema) bool {
	return !slices.Contains([]bool{
		s.Bool != nil, s.Const != nil, s.Not != nil, s.If != nil, s.PropertyNames != nil, s.Contains != nil,
		s.MinProperties != nil, s.MultipleOf != nil, s.ExclusiveMaximum != nil, s.ExclusiveMinimum != nil,
		s.UnevaluatedProperties != nil, s.UnevaluatedItems != nil, s.RecursiveRef != nil, s.DynamicRef != nil,
		len(s.AllOf) > 0, len(s.AnyOf) > 0, len(s.OneOf) > 0, len(s.PatternProperties) > 0, len(s.PrefixItems) > 0,
		len(s.DependentRequired) > 0, len(s.DependentSchemas) > 0,
	}, true)
}

// saysMore reports whether a schema that refers to another one has keywords of its own.
func saysMore(s *jsonschema.Schema) bool {
	return slices.Contains([]bool{
		s.Types != nil, s.Enum != nil, s.Format != nil, s.Pattern != nil, s.Properties != nil, s.Required != nil,
		s.MinLength != nil, s.MaxLength != nil, s.Minimum != nil, s.Maximum != nil, s.MinItems != nil, s.MaxItems != nil,
		s.UniqueItems, s.Items2020 != nil, s.AdditionalProperties != nil, s.MaxProperties != nil,
	}, true)
}

func ownCheck(s *jsonschema.Schema, t reflect.Type) check {
	switch t {
	case reflect.TypeFor[jsontext.Value]():
		if s.Types == nil && s.Enum == nil && s.Properties == nil && s.Ref == nil {
			return anything
		}
		return unsure
	case reflect.TypeFor[time.Time]():
		return anything // a time that was read is one
	}
	switch t.Kind() {
	case reflect.Pointer:
		return pointerCheck(checkOf(s, t.Elem()))
	case reflect.String:
		return stringCheck(s)
	case reflect.Bool:
		return anything
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return integerCheck(s)
	case reflect.Slice:
		return sliceCheck(s, t)
	case reflect.Map:
		return mapCheck(s, t)
	case reflect.Struct:
		return structCheck(s, t)
	}
	return unsure
}

func pointerCheck(of check) check {
	return func(v reflect.Value) bool { return v.IsNil() || of(v.Elem()) }
}

func stringCheck(s *jsonschema.Schema) check {
	if s.Format != nil {
		return reflect.Value.IsZero
	}
	least, most := bounds(s.MinLength, s.MaxLength)
	return func(v reflect.Value) bool {
		text := v.String()
		if text == "" {
			return true
		}
		n := utf8.RuneCountInString(text)
		return n >= least && n <= most && (s.Pattern == nil || s.Pattern.MatchString(text)) && listed(s.Enum, text)
	}
}

// listed reports whether a text is one of an enumeration, where there is one.
func listed(enum *jsonschema.Enum, text string) bool {
	if enum == nil {
		return true
	}
	for _, one := range enum.Values {
		if one == any(text) {
			return true
		}
	}
	return false
}

// bounds are two limits; one that is missing is none.
func bounds(least, most *int) (from, to int) {
	to = int(^uint(0) >> 1)
	if least != nil {
		from = *least
	}
	if most != nil {
		to = *most
	}
	return from, to
}

func integerCheck(s *jsonschema.Schema) check {
	return func(v reflect.Value) bool {
		n := new(big.Rat).SetInt64(v.Int())
		return s.Enum == nil && (s.Minimum == nil || n.Cmp(s.Minimum) >= 0) && (s.Maximum == nil || n.Cmp(s.Maximum) <= 0)
	}
}

func sliceCheck(s *jsonschema.Schema, t reflect.Type) check {
	least, most := bounds(s.MinItems, s.MaxItems)
	item := check(anything)
	if s.Items2020 != nil {
		item = checkOf(s.Items2020, t.Elem())
	}
	return func(v reflect.Value) bool {
		if v.IsNil() {
			return true
		}
		if v.Len() < least || v.Len() > most || s.UniqueItems && v.Len() > 1 {
			return false
		}
		for i := range v.Len() {
			if one := v.Index(i); !item(one) || one.IsZero() && one.Kind() != reflect.Bool {
				return false
			}
		}
		return true
	}
}

func mapCheck(s *jsonschema.Schema, t reflect.Type) check {
	if s.Properties != nil || s.Required != nil {
		return unsure
	}
	value := check(unsure)
	switch of := s.AdditionalProperties.(type) {
	case nil:
		value = anything
	case bool:
		value = anything
	case *jsonschema.Schema:
		value = checkOf(of, t.Elem())
	}
	_, most := bounds(nil, s.MaxProperties)
	return func(v reflect.Value) bool {
		if v.Len() > most {
			return false
		}
		for each := v.MapRange(); each.Next(); {
			if !value(each.Value()) {
				return false
			}
		}
		return true
	}
}

// field is one field of a struct with its check.
type field struct {
	name     string
	index    []int
	required bool
	check    check
}

func structCheck(s *jsonschema.Schema, t reflect.Type) check {
	fields, known := fieldsOf(s, t)
	for _, name := range s.Required {
		known = known && slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
	}
	if !known {
		return unsure
	}
	return func(v reflect.Value) bool {
		for _, f := range fields {
			one := v.FieldByIndex(f.index)
			if f.required && one.IsZero() || !f.check(one) {
				return false
			}
		}
		return true
	}
}

// fieldsOf are the fields of a struct, those of embedded structs among them; false when the schema does not know one.
func fieldsOf(s *jsonschema.Schema, t reflect.Type) (fields []field, known bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		property, described := s.Properties[name]
		if !described {
			return nil, false
		}
		fields = append(fields, field{
			name: name, index: f.Index, required: slices.Contains(s.Required, name), check: checkOf(property, f.Type),
		})
	}
	return fields, true
}
