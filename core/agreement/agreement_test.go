package agreement_test

import (
	"testing"

	"carillon/core/agreement"
	"carillon/core/fault"
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	words := map[agreement.Status]string{
		"05": "Incomplete", "10": "Pending start", "20": "Active", "30": "Pending stop", "40": "Stopped", "50": "Reactivated", "60": "Closed", "70": "Canceled", "99": "", "": "",
	}
	open := map[agreement.Status]bool{"10": true, "20": true, "30": true}
	for s, word := range words {
		if s.Word() != word || s.Open() != open[s] {
			t.Errorf("%s is %q, open %v", s, s.Word(), s.Open())
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	if id, err := agreement.ParseID("1000000042"); err != nil || id != 1000000042 || id.String() != "1000000042" || agreement.ID(0).String() != "" {
		t.Errorf("%v: %v", id, err)
	}
	for _, text := range []string{"", "42", "+000000042", "0000000000"} {
		if _, err := agreement.ParseID(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("takes %q", text)
		}
	}
}
