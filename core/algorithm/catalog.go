// Package algorithm holds the algorithms of the two processes, one file for each, by its exact code. An algorithm is a
// pure function from facts and parameters to commands; the noun that owns a spot declares the function's type. Which
// run, and where, says the configuration (its plugs); cmd hands the lists to the verbs that run them.
package algorithm

import (
	"slices"

	"carillon/core/plugin"
)

// Catalog describes every algorithm there is, for who configures them.
func Catalog() plugin.Catalog {
	return slices.Concat(customers(), contacts(), todos(), events(), deposits())
}
