package liquid

import "strings"

// The kinds of word in an expression.
type kind uint8

const (
	ident    kind = iota // a name, or the name of a filter without arguments
	keyword              // a name and a colon: a filter with arguments, or a loop modifier
	property             // a dot and a name
	literal              // a string, a number, true, false, nil
	operator             // the rest
)

// word is one word of an expression; text is without colon, dot and quotes.
type word struct {
	kind   kind
	text   string
	source string // as written
	str    bool   // of a literal: a string
}

// source writes words again.
func source(words []word) string {
	var b strings.Builder
	for _, w := range words {
		if w.kind != property && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.source)
	}
	return b.String()
}

// maxDigits keeps number literals within what a float holds exactly.
const maxDigits = 15

// lex splits an expression as the library does; ok is false where it holds what no vetted expression does.
func lex(s string) (words []word, ok bool) {
	for s != "" {
		var w word
		n := 0
		switch c := s[0]; {
		case c == ' ', c == '\t', c == '\r', c == '\n':
			s = s[1:]
			continue
		case c == '"' || c == '\'':
			end := strings.IndexByte(s[1:], c)
			if end < 0 || strings.ContainsAny(s[1:1+end], "\n\r") {
				return nil, false
			}
			n, w = end+2, word{kind: literal, text: s[1 : 1+end], str: true}
		case isDigit(c), c == '-' && len(s) > 1 && isDigit(s[1]):
			n = number(s)
			w = word{kind: literal, text: s[:n]}
			if n > maxDigits {
				return nil, false
			}
		case isAlpha(c):
			n, w = name(s)
		case c == '.' && len(s) > 1 && isAlpha(s[1]):
			n = 1 + nameLen(s[1:])
			w = word{kind: property, text: s[1:n]}
		default:
			n = operatorLen(s)
			w = word{kind: operator, text: s[:n]}
		}
		if n == 0 {
			return nil, false
		}
		if w.source = s[:n]; w.kind == operator && w.text == "contains" {
			w.source = "| " + hasFilter + ":" // the library's own looks through long texts for nothing
		}
		words, s = append(words, w), s[n:]
	}
	return words, true
}

func name(s string) (int, word) {
	n := nameLen(s)
	if n < len(s) && s[n] == ':' {
		return n + 1, word{kind: keyword, text: s[:n]}
	}
	switch s[:n] {
	case "true", "false", "nil":
		return n, word{kind: literal, text: s[:n]}
	case "and", "or", "contains", "in":
		return n, word{kind: operator, text: s[:n]}
	}
	return n, word{kind: ident, text: s[:n]}
}

func nameLen(s string) int {
	n := 1
	for n < len(s) && (isAlpha(s[n]) || isDigit(s[n]) || s[n] == '-') {
		n++
	}
	if n < len(s) && s[n] == '?' {
		n++
	}
	return n
}

func number(s string) int {
	n := 1
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n+1 < len(s) && s[n] == '.' && isDigit(s[n+1]) {
		for n++; n < len(s) && isDigit(s[n]); {
			n++
		}
	}
	return n
}

// operatorLen knows no range (1..n): one could be endless.
func operatorLen(s string) int {
	if len(s) > 1 {
		switch s[:2] {
		case "==", "!=", ">=", "<=":
			return 2
		}
	}
	if strings.IndexByte("()[]<>|,=", s[0]) >= 0 {
		return 1
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
