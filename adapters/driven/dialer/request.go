package dialer

import (
	"encoding/json"
	"strconv"
	"time"

	"carillon/channels/voice"
	"carillon/core/fault"
)

// batch is the body of a request.
type batch struct {
	Requests []request `json:"dialRequests"`
}

// request is one call as the vendor takes it.
type request struct {
	Token      string            `json:"clientToken"`
	Number     string            `json:"phoneNumber"`
	Expiration string            `json:"expirationTime"`
	Attributes map[string]string `json:"attributes"`
}

// outcomes is the body of an answer.
type outcomes struct {
	Successful []struct {
		Token string `json:"clientToken"`
		ID    string `json:"id"`
	} `json:"successfulRequests"`
	Failed []struct {
		Token string `json:"clientToken"`
		ID    string `json:"id"`
		Code  string `json:"failureCode"`
	} `json:"failedRequests"`
}

// request writes a call. Data that is not text is written as JSON; a datum never hides what the feed itself says.
func (d *Dialer) request(c voice.Call) (request, error) {
	expires := earlier(c.ExpiresAt, c.NotAfter)
	if expires.IsZero() {
		return request{}, fault.New(fault.Refused, "dial: a call needs an end of its window or an expiry")
	}
	attributes := make(map[string]string, len(c.Data)+7)
	for name, datum := range c.Data {
		text, err := plain(datum)
		if err != nil {
			return request{}, fault.Wrap(fault.Refused, "dial: a datum of the call cannot be written", err)
		}
		attributes[name] = text
	}
	set := func(name, value string) {
		if value != "" {
			attributes[name] = value
		} else {
			delete(attributes, name)
		}
	}
	set("script", c.Script)
	set("language", c.Language)
	set("notBefore", moment(c.NotBefore))
	set("notAfter", moment(c.NotAfter))
	set("maxAttempts", count(c.Attempts.Max))
	set("pauseSeconds", count(int(c.Attempts.Pause/time.Second)))
	set("callerId", first(c.Sender["caller_id"], d.cfg.CallerID))
	return request{
		Token: c.ID.String(), Number: c.Number.Reveal(), Expiration: moment(expires), Attributes: attributes,
	}, nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func count(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func plain(datum any) (string, error) {
	if text, ok := datum.(string); ok {
		return text, nil
	}
	b, err := json.Marshal(datum)
	return string(b), err
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
