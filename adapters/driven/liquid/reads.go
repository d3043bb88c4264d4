package liquid

import (
	"slices"
	"strconv"
	"strings"
)

// loopName is what a loop says of itself.
const loopName = "forloop"

// isReserved tells names that mean something in other Liquids, so that none is looked for in the data.
func isReserved(name string) bool {
	return slices.Contains([]string{loopName, "blank", "empty", "null"}, name)
}

// level is what is open within a bracket of an expression.
type level struct {
	bracket string
	filter  string
	args    int
}

// reads vets an expression and notes the names it reads. It returns the field it reads first, "/data" when it
// reads none. The library checks the grammar; this checks what the grammar would let pass.
func (s *scan) reads(words []word, list bool) (first string, err error) {
	first = "/data"
	levels := []level{{}}
	for i, w := range words {
		switch {
		case i > 0 && words[i-1].kind == operator && words[i-1].text == "|" && (w.kind == keyword || w.kind == ident):
			err = s.pipe(words[:i+1], &levels[len(levels)-1])
		case w.kind == keyword:
			err = s.refuse(short(w.text) + ": stands where no filter does")
		case w.kind == ident:
			err = s.name(words[i:], &first)
		case w.kind == operator:
			levels, err = s.operator(levels, w.text, list)
		}
		if err != nil {
			return "", err
		}
	}
	if len(levels) != 1 {
		return "", s.refuse("a bracket is not closed")
	}
	return first, s.filter(levels[0])
}

// pipe takes the filter that is the last of the words.
func (s *scan) pipe(words []word, top *level) error {
	w := words[len(words)-1]
	if top.filter, top.args = w.text, 0; w.kind == keyword {
		top.args = 1
	}
	if before := len(words) - 3; w.text == "date" && before >= 0 && words[before].str && isClock(words[before].text) {
		return s.refuse("a form has no clock: now and today are not dates")
	}
	return nil
}

func isClock(text string) bool { return text == "now" || text == "today" }

// operator follows brackets, and counts what a filter is given.
func (s *scan) operator(levels []level, text string, list bool) ([]level, error) {
	top := &levels[len(levels)-1]
	switch text {
	case "(", "[":
		if len(levels) == maxDepth {
			return nil, s.refuse("the brackets are too deep")
		}
		return append(levels, level{bracket: text}), nil
	case ")", "]":
		if top.bracket+text != "()" && top.bracket+text != "[]" {
			return nil, s.refuse("a bracket is not opened")
		}
		return levels[:len(levels)-1], s.filter(*top)
	case "|":
		err := s.filter(*top)
		top.filter = ""
		return levels, err
	case ",":
		if top.filter == "" && !list {
			return nil, s.refuse("a comma stands where no filter does")
		}
		top.args++
	case "=", "in":
		return nil, s.refuse(text + " stands where it means nothing")
	}
	return levels, nil
}

// filter checks that a filter exists and is given what it needs.
func (s *scan) filter(l level) error {
	if l.filter == "" {
		return nil
	}
	f, ok := s.filters[l.filter]
	if !ok {
		return s.refuse("there is no filter " + short(l.filter))
	}
	if l.args < f.least || l.args > f.most {
		return s.refuse("the filter " + l.filter + " takes " + span(f.least, f.most))
	}
	s.uses[l.filter] = f
	return nil
}

func span(least, most int) string {
	if least == most {
		return strconv.Itoa(least) + " values"
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most) + " values"
}

// name notes a name and the properties after it, unless the form gave it its value.
func (s *scan) name(words []word, first *string) error {
	name := words[0].text
	if s.local[name] > 0 {
		return nil
	}
	if isReserved(name) {
		return s.refuse("there is no " + name + " here")
	}
	path := []string{name}
	for _, w := range words[1:] {
		if w.kind != property {
			break
		}
		path = append(path, w.text)
	}
	if len(path) > maxDepth {
		return s.refuse("a name is too deep")
	}
	s.free[name] = true
	if len(path) > 1 {
		s.paths = append(s.paths, path)
	}
	if *first == "/data" {
		*first = pointer(path)
	}
	return nil
}

// pointer is the field of a path; its names hold no character a JSON pointer would escape.
func pointer(path []string) string { return "/data/" + strings.Join(path, "/") }
