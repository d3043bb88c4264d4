package main

import (
	"reflect"
	"testing"

	"carillon/adapters/driven/liquid"
	"carillon/core/config"
)

// shippedDocument is the configuration that is shipped.
func shippedDocument(t *testing.T) config.Document {
	t.Helper()
	d, err := parseDocument(shipped())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShipped(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	t.Run("has nothing wrong with it", func(t *testing.T) {
		t.Parallel()
		for _, v := range rulesOf(liquid.New()).Check(d, nil) {
			t.Errorf("%s %s", v.Field, v.Reason)
		}
	})
	t.Run("comes back from its rows as it was", func(t *testing.T) {
		t.Parallel()
		rows, err := d.Rows()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.FromRows(rows)
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("another document: %v", err)
		}
	})
}
