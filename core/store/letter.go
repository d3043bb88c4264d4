package store

import (
	"slices"

	"carillon/core/extract"
)

// LetterWrites is what a decision changes of the letters of LTRPRT. Empty fields change nothing.
type LetterWrites struct {
	Runs    []extract.Run // insert (Version 1) or update under Version-1
	Letters []extract.Letter
}

func (to *LetterWrites) and(from *LetterWrites) {
	to.Runs = slices.Concat(to.Runs, from.Runs)
	to.Letters = slices.Concat(to.Letters, from.Letters)
}
