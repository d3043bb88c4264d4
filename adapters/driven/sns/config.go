package sns

import (
	"errors"
	"strconv"
	"strings"

	"carillon/adapters/kit/cloud"
)

// The types of text.
const (
	Transactional = "Transactional" // the most reliable way
	Promotional   = "Promotional"   // the cheapest way
)

// Config is one account and sender of SNS. What is empty is left to the SDK's own settings or to SNS.
type Config struct {
	// Account is how SNS is reached.
	cloud.Account
	// SenderID is shown as the sender where a route names none.
	SenderID string
	// Number is the origination number where a route names none.
	Number string
	// Type of the texts that are not urgent. Default Transactional.
	Type string
	// MaxPrice in USD that a text which is not urgent may cost.
	MaxPrice string
}

// service begins what is said about a configuration.
const service = "sns"

func (c Config) withDefaults() Config {
	c.Type = first(c.Type, Transactional)
	return c
}

const (
	wrongSender = "a sender id has 3 to 11 letters and digits, a letter among them"
	wrongNumber = "an origination number has 5 to 14 digits"
)

// Validate reports everything that is wrong with c, joined.
func (c Config) Validate() error {
	wrong := []error{c.Account.Validate(service)}
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New(service+": "+reason))
		}
	}
	refuse(c.SenderID != "" && !senderID(c.SenderID), wrongSender)
	refuse(c.Number != "" && !origination(c.Number), wrongNumber)
	refuse(c.Type != "" && c.Type != Transactional && c.Type != Promotional, "the type is Transactional or Promotional")
	refuse(c.MaxPrice != "" && !isPrice(c.MaxPrice), "the most a text may cost is a number of USD above 0")
	return errors.Join(wrong...)
}

func isPrice(s string) bool {
	price, err := strconv.ParseFloat(s, 64)
	return err == nil && price > 0 && price < 1000
}

func senderID(s string) bool {
	letters, digits := 0, 0
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			letters++
		case r >= '0' && r <= '9':
			digits++
		default:
			return false
		}
	}
	return letters > 0 && letters+digits >= 3 && letters+digits <= 11
}

func origination(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= 5 && len(digits) <= 14 && strings.Trim(digits, "0123456789") == ""
}
