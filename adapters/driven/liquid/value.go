package liquid

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/osteele/liquid/values"
)

// The properties a list has.
const (
	firstName = "first"
	lastName  = "last"
	sizeName  = "size"
)

func isListProperty(name string) bool {
	return name == firstName || name == lastName || name == sizeName
}

// wrap makes a value of the data one for the library: numbers that print as written, and objects and lists that
// refuse what they do not have. It goes no deeper than asked.
func (r *run) wrap(v any, at string) any {
	switch v := v.(type) {
	case nil, string, bool, int, *record, *list, markup, decimal1, decimal2, decimal3, decimal4, decimal5, decimal6:
		return v
	case json.Number:
		return numberOf(v.String())
	case map[string]any:
		return &record{run: r, at: at, fields: v}
	case []any:
		return &list{run: r, at: at, items: v}
	case int64:
		return numberOf(strconv.FormatInt(v, 10))
	case float64:
		return numberOf(strconv.FormatFloat(v, 'f', -1, 64))
	}
	stop(at, "is of a type no template can show")
	return nil
}

// atom is what records and lists are not: they have no order and are no number.
type atom struct{}

// Int implements values.Value.
func (atom) Int() int { return 0 }

// Equal implements values.Value.
func (atom) Equal(values.Value) bool { return false }

// Less implements values.Value.
func (atom) Less(values.Value) bool { return false }

// Contains implements values.Value; [run.has] stands for it.
func (atom) Contains(values.Value) bool { return false }

// Test implements values.Value.
func (atom) Test() bool { return true }

// record is an object of the data. It implements values.Value, and is looped over as pairs in order of their names.
type record struct {
	atom
	run    *run
	at     string
	fields map[string]any
	names  []string // in order, once it is looped over
}

// Interface implements values.Value.
func (o *record) Interface() any { return o }

// PropertyValue is the field after a dot.
func (o *record) PropertyValue(v values.Value) values.Value {
	name, _ := v.Interface().(string)
	field, ok := o.fields[name]
	switch {
	case ok:
		return values.ValueOf(o.run.wrap(field, o.at+"/"+name))
	case name == sizeName:
		return values.ValueOf(len(o.fields))
	}
	stop(o.at+"/"+name, "is read by the template")
	return nil
}

// IndexValue is the field in brackets. Its name may be a value of the data, so that no fault tells it.
func (o *record) IndexValue(v values.Value) values.Value {
	name, _ := v.Interface().(string)
	field, ok := o.fields[name]
	if !ok {
		stop(o.at, "lacks a field that the template reads")
	}
	return values.ValueOf(o.run.wrap(field, o.at+"/*"))
}

// Len is how many fields there are.
func (o *record) Len() int { return len(o.fields) }

// Index is the i-th field: its name and its value.
func (o *record) Index(i int) any {
	o.run.spend(o.run.form.turn)
	if o.names == nil {
		o.names = slices.Sorted(maps.Keys(o.fields))
	}
	name := o.names[i]
	return &list{run: o.run, at: o.at + "/*", items: []any{name, o.fields[name]}}
}

// list is a list of the data, or what a filter made of one. It implements values.Value and can be looped over.
type list struct {
	atom
	run   *run
	at    string
	items []any
}

// Interface implements values.Value.
func (l *list) Interface() any { return l }

// PropertyValue is first, last or size.
func (l *list) PropertyValue(v values.Value) values.Value {
	name, _ := v.Interface().(string)
	switch {
	case name == sizeName:
		return values.ValueOf(len(l.items))
	case !isListProperty(name):
		stop(l.at, "is a list; loop over it, or read first, last or size")
	case len(l.items) == 0:
		return values.ValueOf(nil)
	case name == lastName:
		return values.ValueOf(l.item(len(l.items) - 1))
	}
	return values.ValueOf(l.item(0))
}

// IndexValue is the item at a place, from the end when negative; none beyond.
func (l *list) IndexValue(v values.Value) values.Value {
	i, ok := v.Interface().(int)
	if !ok {
		stop(l.at, "is a list; its places are whole numbers")
	}
	if i < 0 {
		i += len(l.items)
	}
	if i < 0 || i >= len(l.items) {
		return values.ValueOf(nil)
	}
	return values.ValueOf(l.item(i))
}

// Len is how many items there are.
func (l *list) Len() int { return len(l.items) }

// Index is the i-th item, as a loop takes it.
func (l *list) Index(i int) any {
	l.run.spend(l.run.form.turn)
	return l.item(i)
}

func (l *list) item(i int) any { return l.run.wrap(l.items[i], l.at+"/"+strconv.Itoa(i)) }

func (l *list) all() []any {
	all := make([]any, len(l.items))
	for i := range l.items {
		all[i] = l.item(i)
	}
	return all
}

// markup is text that is HTML already.
type markup struct{ text string }

// String is the HTML.
func (m markup) String() string { return m.text }

// textOf is how a value prints; ok is false for what does not.
func textOf(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case float64: // a number in the form
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case markup:
		return v.text, true
	case interface {
		places() int
		String() string
	}:
		return v.String(), true
	}
	return "", false
}

// plainText tells whether text has nothing to escape.
func plainText(text string) bool { return !strings.ContainsAny(text, `<>&'"`) }
