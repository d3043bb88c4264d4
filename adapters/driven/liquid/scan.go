package liquid

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"carillon/core/fault"
)

const (
	maxForm  = 256 << 10 // bytes of a form
	maxDepth = 32        // of blocks and brackets within each other
)

// scan goes through a form once, before the library does. It vets what the form says, finds the names it reads, and
// writes it anew: every output goes through the filter that checks and escapes it, every loop through one that
// checks its list.
type scan struct {
	text    strings.Builder
	line    int
	free    map[string]bool // top-level names the form reads
	paths   [][]string      // names with the properties that follow them
	local   map[string]int  // names the form itself gives a value, and how often over each other
	blocks  []block
	fields  []string          // what each output and loop reads first
	filters map[string]filter // those there are
	uses    map[string]filter // those the form uses
	comment bool
	simple  simple
}

type block struct{ tag, variable string }

// refuse is the fault of a form. Reasons quote the form, never the data.
func (s *scan) refuse(reason string) error {
	return fault.Refuse(fault.Violation{Field: "/parts", Reason: fmt.Sprintf("line %d: %s", s.line, reason)})
}

func scanForm(source string) (*scan, error) {
	s := &scan{line: 1, free: make(map[string]bool), local: make(map[string]int), filters: filters(), uses: make(map[string]filter)}
	if len(source) > maxForm {
		return nil, s.refuse("the form is longer than 256 KiB")
	}
	if !utf8.ValidString(source) {
		return nil, s.refuse("the form is not UTF-8")
	}
	for source != "" {
		at := opening(source)
		s.plain(source[:at])
		if source = source[at:]; source == "" {
			break
		}
		opens, closes := source[:2], "%}"
		if opens == "{{" {
			closes = "}}"
		}
		inner, rest, closed := strings.Cut(source[2:], closes)
		if !closed {
			return nil, s.refuse(opens + " is not closed")
		}
		if err := s.mark(opens, inner); err != nil {
			return nil, err
		}
		source = rest
	}
	if s.comment || len(s.blocks) > 0 {
		return nil, s.refuse("a block is not ended")
	}
	return s, nil
}

// opening is where the next {{ or {% stands.
func opening(s string) int {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '{')
		if i < 0 || at+i+1 == len(s) {
			return len(s)
		}
		if at += i; s[at+1] == '{' || s[at+1] == '%' {
			return at
		}
	}
}

// plain takes text; of a comment, its line ends, so that the library counts lines as we do.
func (s *scan) plain(text string) {
	breaks := strings.Count(text, "\n")
	s.line += breaks
	if s.comment {
		text = strings.Repeat("\n", breaks)
	}
	s.text.WriteString(text)
	s.simple.plain(text)
}

// mark takes an output or a tag apart and writes it anew.
func (s *scan) mark(opens, inner string) error {
	body, left, right := trims(inner)
	if opens == "{{" {
		return s.output(body, left, right, inner)
	}
	s.simple.odd = true
	tag, args := body, ""
	if i := strings.IndexAny(body, " \t\r\n"); i >= 0 {
		tag, args = body[:i], strings.TrimSpace(body[i:])
	}
	switch {
	case s.comment && tag != "endcomment":
		s.plain(inner)
		return nil
	case s.comment, tag == "comment":
		s.comment = !s.comment
		s.write("{%", left, tag, right, "%}", inner)
		return nil
	}
	args, err := s.tag(tag, args)
	if err != nil {
		return err
	}
	s.write("{%", left, strings.TrimSpace(tag+" "+args), right, "%}", inner)
	return nil
}

func (s *scan) output(body, left, right, inner string) error {
	if s.comment {
		s.plain(inner)
		return nil
	}
	words, err := s.words(body)
	if err != nil {
		return err
	}
	first, err := s.reads(words, false)
	if err != nil {
		return err
	}
	s.simple.value(words, left+right != "")
	s.write("{{", left, s.through(outFilter, source(words), first), right, "}}", inner)
	return nil
}

// trims takes off the marks of whitespace control.
func trims(inner string) (body, left, right string) {
	if strings.HasPrefix(inner, "-") {
		inner, left = inner[1:], "-"
	}
	if strings.HasSuffix(inner, "-") {
		inner, right = inner[:len(inner)-1], "-"
	}
	return strings.TrimSpace(inner), left, right
}

// write writes a mark anew on one line, and the line ends it had at its end.
func (s *scan) write(opens, left, body, right, closes, inner string) {
	breaks := strings.Count(inner, "\n")
	s.line += breaks
	for _, part := range []string{opens, left, " ", body, " ", strings.Repeat("\n", breaks), right, closes} {
		s.text.WriteString(part)
	}
}

// through puts an expression through a filter of ours, which is told the field to name when the value is wrong.
func (s *scan) through(filter, expression, field string) string {
	s.fields = append(s.fields, field)
	return "(" + expression + ") | " + filter + ": " + strconv.Itoa(len(s.fields)-1)
}

func (s *scan) words(expression string) ([]word, error) {
	words, ok := lex(expression)
	if !ok {
		return nil, s.refuse("this cannot be read: " + short(expression))
	}
	if len(words) == 0 {
		return nil, s.refuse("an expression is missing")
	}
	return words, nil
}

// short quotes the form.
func short(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// names are the free names in order.
func (s *scan) names() []string { return slices.Sorted(maps.Keys(s.free)) }
