package customer

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// WordKind says what a search word is of.
type WordKind int16

// The kinds of search word.
const (
	NameWord    WordKind = iota + 1 // of a person's names
	MailWord                        // of a person's addresses
	PremiseWord                     // of a premise's address
	GridWord                        // of a premise's geographic values, as TYPE=VALUE
	EmailWord                       // an email address of a person, whole
)

// Word is one word that a person or premise is found by.
type Word struct {
	Kind WordKind
	Text string
}

// longestWord bounds a search word.
const longestWord = 40

// Words takes a text apart into search words: no accents, no case, no punctuation, each once, in order. An apostrophe
// joins (O'Neil is oneil); everything else that is no letter or digit parts.
func Words(text string) []string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '`':
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return ' '
	}, norm.NFKD.String(cases.Fold().String(norm.NFKD.String(text))))
	words := strings.Fields(strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i").Replace(plain))
	for i, w := range words {
		if r := []rune(w); len(r) > longestWord {
			words[i] = string(r[:longestWord])
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// squeezed is letters and digits only, in upper case.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, norm.NFKC.String(text))
}

// Words are what the address is found by.
func (p Postal) Words() []string {
	return Words(strings.Join([]string{p.Line1, p.Line2, p.Line3, p.Line4, p.City, p.Postal, p.Number1, p.Number2}, " "))
}

func wordsOf(kind WordKind, texts []string) []Word {
	slices.Sort(texts)
	texts = slices.Compact(texts)
	words := make([]Word, len(texts))
	for i, t := range texts {
		words[i] = Word{kind, t}
	}
	return words
}

// EmailKey is what an email address is found by, however it is written: providers tell no cases apart before the @.
func EmailKey(a Address) string {
	key := strings.ToLower(a.Reveal())
	if r := []rune(key); len(r) > longestWord {
		key = string(r[:longestWord])
	}
	return key
}

// Words are what the person is found by: the words of its names and of its addresses, and its email addresses.
func (p Person) Words() []Word {
	var names, places, emails []string
	for _, n := range p.Names {
		names = append(names, Words(n.Text)...)
	}
	for _, pt := range p.Points {
		if block, err := ParsePostal(pt.Value); pt.Kind == Post && err == nil {
			places = append(places, block.Words()...)
		}
		if pt.Kind == Email {
			emails = append(emails, EmailKey(pt.Value))
		}
	}
	for _, s := range p.Seasons {
		places = append(places, s.Address.Words()...)
	}
	if p.Mailing.Address != nil {
		places = append(places, p.Mailing.Address.Words()...)
	}
	return slices.Concat(wordsOf(NameWord, names), wordsOf(MailWord, places), wordsOf(EmailWord, emails))
}

// Words are what the premise is found by: its address and its geographic values.
func (p Premise) Words() []Word {
	var grid []string
	for _, g := range p.Geography {
		grid = append(grid, GeographicKey(g))
	}
	return append(wordsOf(PremiseWord, p.Address.Words()), wordsOf(GridWord, grid)...)
}

// GeographicKey is what a geographic value is found by.
func GeographicKey(g Geographic) string {
	key := g.Type + "=" + squeezed(g.Value)
	if r := []rune(key); len(r) > longestWord {
		key = string(r[:longestWord])
	}
	return key
}
