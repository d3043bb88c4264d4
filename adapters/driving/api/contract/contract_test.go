package contract

import (
	"testing"
	"time"
)

func TestTheWholeContractCompiles(t *testing.T) {
	t.Parallel()
	began := time.Now()
	c, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("read in %v", time.Since(began))
	if len(c.IDs()) < 90 {
		t.Fatalf("only %d operations", len(c.IDs()))
	}
	for _, id := range c.IDs() {
		o := c.Operation(id)
		for _, p := range o.parameters {
			if _, err := p.schema.compile(); err != nil {
				t.Errorf("%s, parameter %s: %v", id, p.name, err)
			}
		}
		if o.Body == nil {
			continue
		}
		if _, err := o.Body.schema.compile(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for kind, schema := range o.Body.kinds.schemas {
			if _, err := schema.compile(); err != nil {
				t.Errorf("%s, %s: %v", id, kind, err)
			}
		}
	}
	t.Logf("compiled after %v", time.Since(began))
}
