package liquid

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid/values"
)

// The filters a form cannot name.
const (
	outFilter  = "carillon_out"  // prints
	eachFilter = "carillon_each" // loops
	hasFilter  = "carillon_has"  // contains
)

// filter is a filter, given from least to most arguments beside its value. Its function returns ok false when the
// value or an argument does not fit. Nothing fits in place of a value that is missing but what says so.
type filter struct {
	least, most int
	call        func(r *run, v any, args []any) (result any, ok bool)
}

// filters are all there are. A value that is null stays null through each of them but default.
func filters() map[string]filter {
	return map[string]filter{
		"append":         {1, 1, text2(func(s, t string) string { return s + t })},
		"prepend":        {1, 1, text2(func(s, t string) string { return t + s })},
		"remove":         {1, 1, text2(func(s, t string) string { return strings.ReplaceAll(s, t, "") })},
		"remove_first":   {1, 1, text2(func(s, t string) string { return strings.Replace(s, t, "", 1) })},
		"replace":        {2, 2, replace(-1)},
		"replace_first":  {2, 2, replace(1)},
		"upcase":         {0, 0, text1(strings.ToUpper)},
		"downcase":       {0, 0, text1(strings.ToLower)},
		"capitalize":     {0, 0, text1(capitalize)},
		"strip":          {0, 0, text1(strings.TrimSpace)},
		"lstrip":         {0, 0, text1(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) })},
		"rstrip":         {0, 0, text1(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) })},
		"strip_newlines": {0, 0, text1(func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) })},
		"url_encode":     {0, 0, text1(url.QueryEscape)},
		"truncate":       {0, 2, truncate},
		"truncatewords":  {0, 2, truncateWords},
		"slice":          {1, 2, slice},
		"split":          {1, 1, split},
		"escape":         {0, 0, escapeFilter},
		"newline_to_br":  {0, 0, breaks},
		"date":           {1, 1, date},
		"default":        {1, 1, nil}, // see apply
		"size":           {0, 0, size},
		"first":          {0, 0, edge(func(items []any) any { return items[0] })},
		"last":           {0, 0, edge(func(items []any) any { return items[len(items)-1] })},
		"join":           {0, 1, join},
		"map":            {1, 1, mapFilter},
		"sort":           {0, 1, sortFilter},
		"reverse":        {0, 0, onList(func(items []any) []any { slices.Reverse(items); return items })},
		"compact":        {0, 0, onList(func(items []any) []any { return slices.DeleteFunc(items, func(v any) bool { return v == nil }) })},
		"uniq":           {0, 0, uniq},
		"plus":           {1, 1, arithmetic(plus)},
		"minus":          {1, 1, arithmetic(minus)},
		"times":          {1, 1, arithmetic(times)},
		"divided_by":     {1, 1, arithmetic(dividedBy)},
		"modulo":         {1, 1, arithmetic(modulo)},
		"round":          {0, 1, roundTo(nearest)},
		"ceil":           {0, 1, roundTo(up)},
		"floor":          {0, 1, roundTo(down)},
		"abs":            {0, 0, abs},
	}
}

// apply calls a filter within the bounds of the rendering.
func (r *run) apply(name string, f filter, args []any) (any, error) {
	for _, a := range args {
		r.spend(8 + weight(a))
	}
	v := args[0]
	if name == "default" {
		if s, text := v.(string); v == nil || v == false || text && s == "" || isEmptyList(v) {
			return args[1], nil
		}
		return v, nil
	}
	if v == nil {
		return nil, nil
	}
	result, ok := f.call(r, v, args[1:])
	if !ok {
		return nil, refuseValue("/data", "holds a value that does not fit the filter "+name)
	}
	if r.spend(weight(result)); weight(result) > maxOutput {
		return nil, refuseForm("takes too much room with this data")
	}
	return result, nil
}

// weight is what a value costs to handle.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case markup:
		return len(v.text)
	case *list:
		return 16 * len(v.items)
	}
	return 0
}

func isEmptyList(v any) bool {
	l, ok := v.(*list)
	return ok && len(l.items) == 0
}

// print is what every output goes through.
func (r *run) print(args []any) (any, error) {
	field := r.form.fields[args[1].(int)]
	if args[0] == nil {
		return nil, refuseValue(field, "has no value to print")
	}
	text, ok := textOf(args[0])
	if !ok {
		return nil, refuseValue(field, "is an object or a list; print one of its values")
	}
	r.spend(8 + len(text))
	if _, done := args[0].(markup); r.escape && !done && !plainText(text) {
		text = html.EscapeString(text)
	}
	return text, nil
}

// each is what every loop takes its list through; a null is an empty list.
func (r *run) each(args []any) (any, error) {
	switch v := args[0].(type) {
	case *list, *record:
		return v, nil
	case nil:
		return &list{run: r}, nil
	}
	return nil, refuseValue(r.form.fields[args[1].(int)], "is no list to loop over")
}

// has tells what contains asks: whether a text is in a text, a value in a list, a field in an object.
func (r *run) has(args []any) (any, error) {
	want := args[1]
	switch v := args[0].(type) {
	case *list:
		r.spend(weight(v))
		return slices.ContainsFunc(v.all(), func(item any) bool { return values.Equal(item, want) }), nil
	case *record:
		name, ok := want.(string)
		_, there := v.fields[name]
		return ok && there, nil
	}
	text, ok := textOf(args[0])
	part, ok2 := textOf(want)
	r.spend(8 + len(text))
	return ok && ok2 && strings.Contains(text, part), nil
}

type call = func(r *run, v any, args []any) (any, bool)

func text1(f func(s string) string) call {
	return func(_ *run, v any, _ []any) (any, bool) {
		s, ok := textOf(v)
		return f(s), ok
	}
}

func text2(f func(s, t string) string) call {
	return func(_ *run, v any, args []any) (any, bool) {
		s, ok1 := textOf(v)
		t, ok2 := textOf(args[0])
		return f(s, t), ok1 && ok2
	}
}

// replace looks before it leaps: the result can be as long as the product of its parts.
func replace(times int) call {
	return func(r *run, v any, args []any) (any, bool) {
		s, ok1 := textOf(v)
		old, ok2 := textOf(args[0])
		by, ok3 := textOf(args[1])
		if n := strings.Count(s, old); times < 0 {
			r.spend(n * len(by))
		}
		return strings.Replace(s, old, by, times), ok1 && ok2 && ok3
	}
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

// intArg is the argument at a place, when there is one.
func intArg(args []any, at, without int) (int, bool) {
	if at >= len(args) {
		return without, true
	}
	n, ok := args[at].(int)
	return n, ok
}

func textArg(args []any, at int, without string) (string, bool) {
	if at >= len(args) {
		return without, true
	}
	return textOf(args[at])
}

func truncate(_ *run, v any, args []any) (any, bool) {
	s, ok1 := textOf(v)
	most, ok2 := intArg(args, 0, 50)
	end, ok3 := textArg(args, 1, "...")
	runes := []rune(s)
	if len(runes) > max(most, 0) {
		s = string(runes[:min(len(runes), max(0, most-utf8.RuneCountInString(end)))]) + end
	}
	return s, ok1 && ok2 && ok3
}

func truncateWords(_ *run, v any, args []any) (any, bool) {
	s, ok1 := textOf(v)
	most, ok2 := intArg(args, 0, 15)
	end, ok3 := textArg(args, 1, "...")
	if words := strings.Fields(s); len(words) > max(most, 0) {
		s = strings.Join(words[:max(most, 0)], " ") + end
	}
	return s, ok1 && ok2 && ok3
}

func slice(_ *run, v any, args []any) (any, bool) {
	s, ok1 := textOf(v)
	start, ok2 := intArg(args, 0, 0)
	length, ok3 := intArg(args, 1, 1)
	runes := []rune(s)
	if start < 0 {
		start += len(runes)
	}
	if start < 0 || start >= len(runes) || length <= 0 {
		return "", ok1 && ok2 && ok3
	}
	return string(runes[start:][:min(length, len(runes)-start)]), ok1 && ok2 && ok3
}

func split(r *run, v any, args []any) (any, bool) {
	s, ok1 := textOf(v)
	by, ok2 := textOf(args[0])
	r.spend(16 * (1 + strings.Count(s, by)))
	var items []any
	for part := range strings.SplitSeq(s, by) {
		items = append(items, part)
	}
	return &list{run: r, at: "/data", items: items}, ok1 && ok2
}

// escapeFilter is for those who are used to it: what is escaped here is not escaped again.
func escapeFilter(_ *run, v any, _ []any) (any, bool) {
	if m, ok := v.(markup); ok {
		return m, true
	}
	s, ok := textOf(v)
	return markup{html.EscapeString(s)}, ok
}

func breaks(r *run, v any, args []any) (any, bool) {
	m, ok := escapeFilter(r, v, args)
	escaped, _ := textOf(m)
	r.spend(len("<br />") * strings.Count(escaped, "\n"))
	return markup{strings.ReplaceAll(escaped, "\n", "<br />\n")}, ok
}

func size(_ *run, v any, _ []any) (any, bool) {
	switch v := v.(type) {
	case *list:
		return len(v.items), true
	case *record:
		return len(v.fields), true
	}
	s, ok := textOf(v)
	return utf8.RuneCountInString(s), ok
}

func edge(f func(items []any) any) call {
	return func(_ *run, v any, _ []any) (any, bool) {
		l, ok := v.(*list)
		if !ok || len(l.items) == 0 {
			return nil, ok
		}
		return f(l.all()), true
	}
}

func onList(f func(items []any) []any) call {
	return func(r *run, v any, _ []any) (any, bool) {
		l, ok := v.(*list)
		if !ok {
			return nil, false
		}
		return &list{run: r, at: l.at, items: f(l.all())}, true
	}
}

func join(r *run, v any, args []any) (any, bool) {
	l, ok := v.(*list)
	by, ok2 := textArg(args, 0, " ")
	if !ok || !ok2 {
		return nil, false
	}
	parts := make([]string, 0, len(l.items))
	for _, item := range l.all() {
		part, ok := textOf(item)
		if !ok && item != nil {
			return nil, false
		}
		r.spend(len(part) + len(by))
		if item != nil {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, by), true
}

func mapFilter(r *run, v any, args []any) (any, bool) {
	l, ok := v.(*list)
	name, ok2 := args[0].(string)
	if !ok || !ok2 {
		return nil, false
	}
	items := make([]any, len(l.items))
	for i, item := range l.all() {
		o, ok := item.(*record)
		if !ok {
			return nil, false
		}
		items[i] = o.IndexValue(values.ValueOf(name)).Interface()
	}
	return &list{run: r, at: l.at, items: items}, true
}

// sortFilter keeps equals in order. Given a name, it sorts objects by that field.
func sortFilter(r *run, v any, args []any) (any, bool) {
	l, ok := v.(*list)
	if !ok {
		return nil, false
	}
	r.spend(64 * len(l.items))
	items, keys := l.all(), l
	if len(args) > 0 {
		by, ok := mapFilter(r, v, args)
		if !ok {
			return nil, false
		}
		keys = by.(*list)
	}
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := keys.item(i), keys.item(j)
		switch {
		case values.Less(a, b):
			return -1
		case values.Less(b, a):
			return 1
		}
		return 0
	})
	sorted := make([]any, len(items))
	for to, from := range order {
		sorted[to] = items[from]
	}
	return &list{run: r, at: l.at, items: sorted}, true
}

func uniq(r *run, v any, _ []any) (any, bool) {
	l, ok := v.(*list)
	if !ok {
		return nil, false
	}
	r.spend(len(l.items) * len(l.items))
	var items []any
	for _, item := range l.all() {
		if !slices.ContainsFunc(items, func(other any) bool { return values.Equal(item, other) }) {
			items = append(items, item)
		}
	}
	return &list{run: r, at: l.at, items: items}, true
}
