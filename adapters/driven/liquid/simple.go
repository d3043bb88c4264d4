package liquid

import (
	"encoding/json"
	"html"
	"strings"
)

// simple is a form that says nothing but text and values by their names: most forms do. It is filled without the library,
// whose every output is a call by reflection. What does not go smoothly is left to the library, which tells what is
// wrong: both give the same text (FuzzRender holds the two against each other).
type simple struct {
	pieces []piece
	odd    bool // the form says something else too
}

// piece is text, or the value at a path.
type piece struct {
	text string
	path []string
}

func (s *simple) plain(text string) {
	if text != "" {
		s.pieces = append(s.pieces, piece{text: text})
	}
}

// value takes an output; one that is no bare name, or trims what stands around it, makes the form odd.
func (s *simple) value(words []word, trimmed bool) {
	if trimmed || words[0].kind != ident {
		s.odd = true
		return
	}
	path := []string{words[0].text}
	for _, w := range words[1:] {
		if w.kind != property {
			s.odd = true
			return
		}
		path = append(path, w.text)
	}
	s.pieces = append(s.pieces, piece{path: path})
}

// fill fills the form; ok is false when the library has to.
func (s *simple) fill(data map[string]any, escape bool) (text string, ok bool) {
	if s.odd {
		return "", false
	}
	var out strings.Builder
	for _, p := range s.pieces {
		if p.path == nil {
			out.WriteString(p.text)
			continue
		}
		text, found := show(data, p.path)
		if !found {
			return "", false
		}
		if escape && !plainText(text) {
			text = html.EscapeString(text)
		}
		out.WriteString(text)
	}
	return out.String(), out.Len() <= maxOutput
}

// show is the text, number or truth at a path; found is false for everything that needs a second look.
func show(data map[string]any, path []string) (text string, found bool) {
	var at any = data
	for _, name := range path {
		fields, is := at.(map[string]any)
		if !is {
			return "", false
		}
		if at, is = fields[name]; !is {
			return "", false
		}
	}
	switch v := at.(type) {
	case string:
		return v, true
	case bool:
		return textOf(v)
	case json.Number:
		return textOf(numberOf(v.String()))
	}
	return "", false
}
