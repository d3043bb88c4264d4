package batch_test

import (
	"testing"

	"carillon/core/batch"
)

// TestBook: every batch has one code, says what it does, and is worked by a job or an engine; its codes and parameters are
// there without anything that runs.
func TestBook(t *testing.T) {
	t.Parallel()
	book := batch.NewBook(batch.Parts{})
	seen := map[string]bool{}
	for _, d := range book {
		if d.Code == "" || seen[d.Code] || d.Tells == "" {
			t.Errorf("%q says %q", d.Code, d.Tells)
		}
		seen[d.Code] = true
		if d.Job == nil && d.Code != "LTRPRT" {
			t.Errorf("%s has no work", d.Code)
		}
		for _, p := range d.Accepts() {
			if p.Name == "" || p.Tells == "" {
				t.Errorf("%s: a parameter %q says %q", d.Code, p.Name, p.Tells)
			}
		}
	}
	if len(seen) != 6 || len(book.Codes()) != 6 {
		t.Errorf("the book has %v", book.Codes())
	}
}
