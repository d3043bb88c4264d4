package message_test

import (
	"testing"

	"carillon/core/message"
)

func TestLeasedByVendor(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		due  *message.Due
		want bool
	}{
		{"a settled message is not", nil, false},
		{"a queued message is not", &message.Due{}, false},
		{"a gateway's claim is not", &message.Due{Owner: "gateway-1"}, false},
		{"a gateway whose name speaks of vendors is not", &message.Due{Owner: "my-vendor:acme"}, false},
		{"what a vendor holds is", &message.Due{Owner: message.VendorOwner("acme")}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := message.LeasedByVendor(row.due); got != row.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if got := message.VendorOwner("acme"); got != "vendor:acme" {
		t.Errorf("owner %q: stored claims would lose their vendor", got)
	}
}
