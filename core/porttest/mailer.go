package porttest

import (
	"context"
	"testing"

	"carillon/channels/email"
	"carillon/core/message"
)

// Mailer is what an [email.Mailer] must do, whatever its provider does. Open returns one whose provider behaves as
// asked to every call.
func Mailer(t *testing.T, open func(t *testing.T, b Behaviour) email.Mailer) {
	t.Helper()
	send := func(ctx context.Context, t *testing.T, b Behaviour) (message.Receipt, error) {
		t.Helper()
		return open(t, b).Send(ctx, email.Mail{
			ID: testID(1), To: privateMail, Subject: "About " + privateBody, Text: privateBody, HTML: "<p>" + privateBody + "</p>",
			Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u>"},
			Sender:  map[string]string{"from": "Utility <notices@example.com>"},
		})
	}
	calls(t, []Behaviour{Refuses, Throttles, Exhausts, RefusesCredentials, IsDown, IsUnreachable, LosesAnswer}, send)
}
