package ses

import (
	"errors"
	"net/mail"

	"carillon/adapters/kit/cloud"
)

// Config is one account and sender of SES. What is empty is left to the SDK's own settings.
type Config struct {
	// Account is how SES is reached.
	cloud.Account
	// From is the sender where a route names none.
	From string
	// ReplyTo is where answers go where a route names nothing.
	ReplyTo string
	// ConfigurationSet gives the events of a mail their way back where a route names none.
	ConfigurationSet string
}

// service begins what is said about a configuration.
const service = "ses"

// Validate reports everything that is wrong with c, joined.
func (c Config) Validate() error {
	wrong := []error{c.Account.Validate(service)}
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New(service+": "+reason))
		}
	}
	for name, value := range map[string]string{"from": c.From, "reply-to": c.ReplyTo} {
		_, err := address(value)
		refuse(value != "" && err != nil, "the "+name+" is not a mail address")
	}
	return errors.Join(wrong...)
}

// address is the form of a mailbox that SES takes: a name that is not ASCII is encoded.
func address(mailbox string) (string, error) {
	a, err := mail.ParseAddress(mailbox)
	if err != nil {
		return "", errors.New("not a mail address") // the parser's text repeats the address
	}
	return a.String(), nil
}
