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
	for s = strings.TrimLeft(s, spaces); s != ""; s = strings.TrimLeft(s, spaces) {
		n, w := next(s)
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

const spaces = " \t\r\n"

// next reads one word; its length is 0 where there is none.
func next(s string) (int, word) {
	switch c := s[0]; {
	case c == '"' || c == '\'':
		return quoted(s)
	case isDigit(c), c == '-' && len(s) > 1 && isDigit(s[1]):
		n := number(s)
		if n > maxDigits {
			return 0, word{}
		}
		return n, word{kind: literal, text: s[:n]}
	case isAlpha(c):
		return name(s)
	case c == '.' && len(s) > 1 && isAlpha(s[1]):
		n := 1 + nameLen(s[1:])
		return n, word{kind: property, text: s[1:n]}
	}
	n := operatorLen(s)
	return n, word{kind: operator, text: s[:n]}
}

// quoted reads a string; the library reads none over two lines.
func quoted(s string) (int, word) {
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 || strings.ContainsAny(s[1:1+end], "\n\r") {
		return 0, word{}
	}
	return end + 2, word{kind: literal, text: s[1 : 1+end], str: true}
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
