package settings

import (
	"strings"
	"testing"
	"time"
)

func TestKeepSettings(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, row := range []struct {
		says string
		keep Keep
		want string // in the error; empty: none
	}{
		{"nothing said", Keep{}, ""},
		{"a year, and seven for the ledger", Keep{Retention: 365 * day, LedgerRetention: 7 * 365 * day}, ""},
		{"a week", Keep{Retention: 7 * day}, "retention: "},
		{"the ledger shorter than messages", Keep{Retention: 365 * day, LedgerRetention: 364 * day}, "ledger-retention: "},
		{"messages for ever, the ledger not", Keep{LedgerRetention: 365 * day}, "ledger-retention: "},
		{"keys for a day", Keep{KeyWindow: day}, "key-window: "},
	} {
		err := row.keep.validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.says, err)
		}
	}
}
