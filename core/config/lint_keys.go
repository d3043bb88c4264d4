package config

import (
	"strings"
)

// keys checks that every row has a code of its own, and remembers the codes for those who name them.
func (l *linter) keys() {
	l.has, l.word = make(map[string]map[string]bool), make(map[string]string)
	for _, s := range shelves() {
		seen := make(map[string]bool)
		l.has[s.kind], l.word[s.kind] = seen, s.word
		l.each(s, func(at, key string) {
			if codeOf(s.kind, key) == "" && s.kind != kindInstallation {
				l.add(at, "needs a code")
			}
			if seen[key] {
				l.add(at, "is there twice")
			}
			seen[key] = true
		})
	}
}

// each goes through the rows of a shelf: where a row stands, and its key.
func (l *linter) each(s shelf, do func(at, key string)) {
	_ = s.rows(&l.doc, func(key string, _ any) error { // it fails only where we do
		do(place(s.at, key), key)
		return nil
	})
}

// place is where a row stands in the document.
func place(at, key string) string { return "/" + at + "/" + strings.TrimPrefix(key, "/") }

// codeOf is the row's own code within its key.
func codeOf(kind, key string) string {
	switch kind {
	case KindType, kindSAType:
		_, key, _ = strings.Cut(key, "/")
	case kindOwner:
		_, key, _ = strings.Cut(key, ":")
	}
	return key
}

// The longest codes. process 3.4.1.1, step 1.2 gives contact classes four characters, contact types and letter templates twelve;
// newer releases widened such codes, and there have been longer ones here, so classes and types have twelve and whatever
// else is named by a code has thirty, as the API's codes.
const (
	longestKind = 12
	longestCode = 30
)

// codes checks how codes are written.
func (l *linter) codes() {
	for _, s := range shelves() {
		longest := longestCode
		switch s.kind {
		case kindPlug, kindInstallation:
			continue
		case kindUser: // the name of a principal
			longest = longestName
		case KindClass, KindType:
			longest = longestKind
		}
		l.each(s, func(at, key string) { l.code(at, s.kind, codeOf(s.kind, key), longest) })
	}
}

// longestName is the longest name of a principal.
const longestName = 100

func (l *linter) code(at, kind, code string, longest int) {
	if len(code) > longest {
		l.add(at, "is a code of at most "+itoa(longest)+" characters")
	}
	if strings.ContainsFunc(code, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(code) != code {
		l.add(at, "is a code of printable ASCII, with spaces only inside")
	}
	switch kind {
	case KindDivision, KindClass, KindType, kindSAType, kindCategory: // they stand before a slash, or behind it
		if strings.Contains(code, "/") {
			l.add(at, "is a code without a slash")
		}
	}
}

// names checks that a code is that of a row; an empty one names nothing.
func (l *linter) names(field, kind, code string) {
	if code != "" && !l.has[kind][code] {
		l.add(field, "names no "+l.word[kind])
	}
}

// needs is names for a code that must be there.
func (l *linter) needs(field, kind, code string) {
	if code == "" {
		l.add(field, "is required")
		return
	}
	l.names(field, kind, code)
}
