package liquid

import (
	"errors"
	"fmt"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/tags"

	"carillon/core/fault"
)

const (
	maxOutput = 256 << 10 // bytes of a text, and of any value on the way
	maxWork   = 4 << 20   // what one rendering may spend: bytes handled by filters, turns of loops
	leastTurn = 64        // of a loop
)

// form is a parsed form. It does not change.
type form struct {
	root   render.Node
	config render.Config
	names  []string
	paths  [][]string
	fields []string
	uses   map[string]filter
	simple simple
	turn   int // what a turn of a loop costs: the more the form says, the more a turn may do
}

// parse vets and compiles a form.
func parse(text string) (f *form, err error) {
	s, err := scanForm(text)
	if err != nil {
		return nil, err
	}
	defer func() { // the library panics on some forms it cannot read
		if recover() != nil {
			f, err = nil, refuseForm("the form cannot be read")
		}
	}()
	config := render.NewConfig()
	tags.AddStandardTags(config)
	root, wrong := config.Compile(s.text.String(), parser.SourceLoc{LineNo: 1})
	if wrong != nil {
		return nil, refuseForm(fmt.Sprintf("line %d: this is no Liquid", wrong.LineNumber()))
	}
	return &form{
		root: root, config: config, names: s.names(), paths: s.paths, fields: s.fields, uses: s.uses, simple: s.simple,
		turn: max(leastTurn, len(text)/16),
	}, nil
}

func refuseForm(reason string) *fault.Error {
	return fault.Refuse(fault.Violation{Field: "/parts", Reason: reason})
}

// lacking names what the form reads and the data does not bring, each once.
func (f *form) lacking(data map[string]any) []fault.Violation {
	var wrong []fault.Violation
	seen := make(map[string]bool)
	add := func(path []string, reason string) {
		if field := pointer(path); !seen[field] {
			seen[field] = true
			wrong = append(wrong, fault.Violation{Field: field, Reason: reason})
		}
	}
	for _, name := range f.names {
		if _, ok := data[name]; !ok {
			add([]string{name}, "is read by the template")
		}
	}
	for _, path := range f.paths {
		if n := reach(data, path); n < len(path) {
			add(path[:n+1], "is read by the template")
		}
	}
	return wrong
}

// reach is how much of a path is there; all of it, as soon as it leaves what is known before rendering.
func reach(data map[string]any, path []string) int {
	var at any = data
	for i, name := range path {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[name]
			if !ok && (name != sizeName || i == 0) {
				return i
			}
			at = next
		case []any:
			if !isListProperty(name) {
				return i
			}
			return len(path)
		case nil:
			return len(path)
		default:
			return i
		}
	}
	return len(path)
}

// output takes what is rendered, up to its bound.
type output struct {
	strings.Builder
	over bool
}

var errOver = errors.New("liquid: too long")

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o.over = o.over || o.Len()+len(p) > maxOutput; o.over {
		return 0, errOver
	}
	return o.Builder.Write(p)
}

// run is one rendering.
type run struct {
	form   *form
	escape bool
	left   int
	out    output
}

func (f *form) render(data map[string]any, escape bool) (text string, err error) {
	r := &run{form: f, escape: escape, left: maxWork}
	defer func() { // values tell what is wrong by a panic, the library's own way; what else panics is its bug
		if p := recover(); p != nil {
			cause, _ := p.(error)
			text, err = "", r.explain(cause, 0)
		}
	}()
	config := f.config
	config.Config.Config = expressions.NewConfig()
	config.AddFilter(outFilter, func(args ...any) (any, error) { return r.print(args) })
	config.AddFilter(eachFilter, func(args ...any) (any, error) { return r.each(args) })
	config.AddFilter(hasFilter, func(args ...any) (any, error) { return r.has(args) })
	for name, f := range f.uses {
		config.AddFilter(name, func(args ...any) (any, error) { return r.apply(name, f, args) })
	}
	vars := make(map[string]any, len(f.names))
	for _, name := range f.names {
		vars[name] = r.wrap(data[name], pointer([]string{name}))
	}
	if wrong := render.Render(f.root, &r.out, vars, config); wrong != nil {
		return "", r.explain(wrong.Cause(), wrong.LineNumber())
	}
	return r.out.String(), nil
}

// explain makes the fault of a rendering that did not end. The library's own texts quote values and are not used.
func (r *run) explain(cause error, line int) error {
	if r.out.over {
		return refuseForm("is longer than 256 KiB when filled")
	}
	var f *fault.Error
	var told expressions.FilterError
	if errors.As(cause, &told) && errors.As(told.Err, &f) {
		return f
	}
	return refuseForm(fmt.Sprintf("line %d: this cannot be filled with this data", line))
}

// spend pays for work.
func (r *run) spend(n int) {
	if r.left -= n; r.left < 0 {
		panic(expressions.FilterError{Err: refuseForm("takes too much work with this data")})
	}
}

// stop ends a rendering because of a value.
func stop(field, reason string) {
	panic(expressions.FilterError{Err: refuseValue(field, reason)})
}

func refuseValue(field, reason string) *fault.Error {
	return fault.Refuse(fault.Violation{Field: field, Reason: reason})
}
