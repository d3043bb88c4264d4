// Package liquid renders templates written in Liquid (github.com/osteele/liquid).
//
// It is stricter than Liquid, because what is accepted is sent: every name a form reads must be in the data (one
// that may be missing is sent as null and tested, or given a default), a value that is printed must be there, and
// tags, filters and characters nobody vetted are refused with the form. The same form and data give the same text: there is no clock, no
// zone of the machine, no file, no unordered map. Work, output and memory are bounded, whatever the form says.
//
// The tags are assign, break, case, comment, continue, for, if and unless; the filters are listed in filter.go.
// Numbers print as they were written in the data, and arithmetic on them is decimal and exact.
//
// Faults name fields, filters and lines, never a value of the data.
package liquid

import (
	"carillon/core/fault"
	"carillon/core/template"
)

var _ template.Renderer = (*Renderer)(nil)

// Renderer fills forms. It is safe for concurrent use. Make one with [New].
type Renderer struct {
	cache cache
}

// New returns a renderer with an empty cache of parsed forms.
func New() *Renderer { return &Renderer{} }

// Check returns the top-level names a form reads, in order, or fault.Invalid (field "/parts") when it does not parse.
func (r *Renderer) Check(form string) ([]string, error) {
	f, err := r.parsed(form)
	if err != nil {
		return nil, err
	}
	return append([]string(nil), f.names...), nil
}

// Render fills the form. Escape says whether values are HTML-escaped. fault.Invalid names every missing name of the data
// that can be told from the form, or the first that shows itself in rendering; a form that does not parse, or is too
// costly with this data, is fault.Invalid of the field "/parts".
func (r *Renderer) Render(form string, data map[string]any, escape bool) (string, error) {
	f, err := r.parsed(form)
	if err != nil {
		return "", err
	}
	if wrong := f.lacking(data); len(wrong) > 0 {
		return "", fault.Refuse(wrong...)
	}
	if text, ok := f.simple.fill(data, escape); ok {
		return text, nil
	}
	return f.render(data, escape)
}

func (r *Renderer) parsed(text string) (*form, error) {
	if f, ok := r.cache.get(text); ok {
		return f, nil
	}
	f, err := parse(text)
	if err != nil {
		return nil, err
	}
	r.cache.put(text, f)
	return f, nil
}
