package main

import "testing"

// TestDrift fails when the raw statements are not the product's any more: bring statements.go up to date, and raw.go and
// settle.go with what the statements take.
func TestDrift(t *testing.T) {
	t.Parallel()
	apart, err := drift("../adapters/driven/postgres")
	if err != nil {
		t.Fatal(err)
	}
	if len(apart) > 0 {
		t.Errorf("these statements have changed in the product: %v", apart)
	}
}
