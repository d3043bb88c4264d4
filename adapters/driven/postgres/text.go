package postgres

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// text is a text as PostgreSQL can hold it: without the zero character and in valid UTF-8. One such character would
// otherwise refuse all the write sets that share its transaction.
func text(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// list is a list of words as stored.
func list[S ~string](words []S) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return text(string(words[0]))
	}
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = text(string(w))
	}
	return strings.Join(plain, ",")
}

// words is a list as read; none is nil.
func words[S ~string](stored string) []S {
	if stored == "" {
		return nil
	}
	split := slices.Collect(strings.SplitSeq(stored, ","))
	list := make([]S, len(split))
	for i, w := range split {
		list[i] = S(w)
	}
	return list
}
