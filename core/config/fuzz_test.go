package config_test

import (
	"encoding/json"
	"testing"

	"carillon/core/config"
)

// FuzzLint gives the checks documents that somebody else wrote: they say what is wrong and fall over nothing, and what has
// nothing wrong with it can be run with and comes back from its rows.
func FuzzLint(f *testing.F) {
	whole, err := json.Marshal(rich())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	f.Add(`{}`)
	f.Add(`{"divisions":[{"code":"A"}],"batchControls":[{"code":"B","schedule":"TZ="}],"plugs":[{"owner":":","event":"/"}]}`)
	f.Add(`{"owners":[{"kind":"case_type","events":[{}],"contact":{}}],"navigationOptions":[{"target":"/{"}],"depositClasses":[{"recommended":"1/0"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var d config.Document
		if json.Unmarshal([]byte(text), &d) != nil {
			return
		}
		wrong := config.Lint(d)
		config.LintPlugs(d, catalog())
		config.LintBatches(d, nil)
		config.Validate(d, nil)
		if _, err := config.Diff(d, rich()); err != nil {
			t.Fatal(err)
		}
		if len(wrong) > 0 {
			return
		}
		rows, err := d.Rows()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.FromRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Compile(1, back); err != nil {
			t.Fatal(err)
		}
		if changes, err := config.Diff(d, back); err != nil || len(changes) != 0 {
			t.Fatalf("%+v, %v", changes, err)
		}
	})
}
