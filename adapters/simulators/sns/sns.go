// Package sns is a double of Amazon SNS for text messages: the query protocol, the delivery-status log record that a
// utility's log subscription forwards, and replies of the people texted, both as signed notifications.
//
// It checks the form of a request and that it is signed for sns; it does not check the signature itself.
package sns

import (
	"net/http"
	"slices"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/notify"
	"carillon/adapters/simulators/stage"
)

// Config is the account that the simulator plays.
type Config struct {
	// StatusTopic is the ARN under which delivery-status records are notified.
	StatusTopic string
	// InboundTopic is the ARN under which replies are notified.
	InboundTopic string
	// OptedOut lists the numbers that are opted out from the start.
	OptedOut []string
	// SelfManaged leaves opt-outs to the caller: a STOP reply is only forwarded. Without it a STOP reply opts the
	// number out, as AWS does by default, and later texts to it, a confirmation of the STOP too, fail in their status.
	SelfManaged bool
}

// Simulator is the double of SNS; it is an http.Handler.
type Simulator struct {
	config  Config
	stage   *stage.Stage
	poster  *notify.Poster
	confirm func(topic, token string) (string, bool)
	out     *later.Memory[bool]
	last    *later.Memory[string]
}

// remembered bounds the numbers whose opt-out or last message is known.
const remembered = 200_000

// New returns a simulator. Confirm confirms a subscription by its token and returns its ARN.
func New(c Config, s *stage.Stage, p *notify.Poster, confirm func(topic, token string) (string, bool)) *Simulator {
	sim := &Simulator{
		config: c, stage: s, poster: p, confirm: confirm,
		out: later.NewMemory[bool](remembered), last: later.NewMemory[string](remembered),
	}
	for _, number := range c.OptedOut {
		sim.out.Put(number, true)
	}
	return sim
}

// call is one request being answered.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	rule    *faults.Rule
	request string
	access  string
}

// ServeHTTP answers the query protocol at any path.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	c := &call{w: w, r: r, request: s.stage.Dice.ID(), rule: s.stage.Faults.For()}
	if err := r.ParseForm(); err != nil {
		c.refuse(problem{code: "MalformedQueryString", text: "the form cannot be read"})
		return
	}
	action := r.Form.Get("Action")
	if action == "Publish" {
		s.publish(c)
		return
	}
	s.stage.Enter(r.Context(), c.rule.Fault)
	if c.rule.Down {
		s.probed(c, action, "down", http.StatusServiceUnavailable)
		stage.Down(w)
		return
	}
	if action == "ConfirmSubscription" {
		s.confirmSubscription(c)
		return
	}
	if p := c.authorize(); p.code != "" {
		s.probed(c, action, "forbidden", p.status())
		c.refuse(p)
		return
	}
	if p := (problem{code: c.rule.Error}); p.code != "" && (p.status() == http.StatusForbidden || p.status() >= 500) {
		s.probed(c, action, "error", p.status())
		c.refuse(p)
		return
	}
	s.query(c, action)
}

// query answers the actions that send nothing.
func (s *Simulator) query(c *call, action string) {
	number := first(c.r.Form.Get("phoneNumber"), c.r.Form.Get("PhoneNumber"))
	switch action {
	case "GetSMSAttributes":
		s.probed(c, action, "accepted", http.StatusOK)
		c.answer(attributesAnswer())
	case "CheckIfPhoneNumberIsOptedOut", "OptInPhoneNumber":
		if !stage.E164(number) {
			s.probed(c, action, "invalid", http.StatusBadRequest)
			c.refuse(problem{code: "InvalidParameter", text: "Invalid parameter: phoneNumber"})
			return
		}
		s.probed(c, action, "accepted", http.StatusOK)
		if action == "OptInPhoneNumber" {
			s.out.Remove(number)
			c.answer(optInAnswer())
			return
		}
		_, out := s.out.Get(number)
		c.answer(checkAnswer(out))
	case "ListPhoneNumbersOptedOut":
		s.probed(c, action, "accepted", http.StatusOK)
		c.answer(listAnswer(s.OptedOut(), c.r.Form.Get("nextToken")))
	default:
		s.probed(c, "unknown", "invalid", http.StatusBadRequest)
		c.refuse(problem{code: "InvalidAction", text: "Could not find operation for the given version"})
	}
}

func (s *Simulator) confirmSubscription(c *call) {
	topic, token := c.r.Form.Get("TopicArn"), c.r.Form.Get("Token")
	arn, ok := s.confirm(topic, token)
	outcome, status := "accepted", http.StatusOK
	if !ok {
		outcome, status = "invalid", http.StatusBadRequest
	}
	s.stage.Book.Write(book.Record{
		Op: "confirm", Request: c.request, Reference: topic, Access: c.access, Outcome: outcome, Status: status,
	})
	if !ok {
		c.refuse(problem{code: "InvalidParameter", text: "Invalid parameter: Token"})
		return
	}
	c.answer(confirmAnswer(arn))
}

// probed records a call that sends nothing.
func (s *Simulator) probed(c *call, action, outcome string, status int) {
	s.stage.Book.Write(book.Record{
		Op: "probe", Request: c.request, Reference: action, Access: c.access, Outcome: outcome, Status: status,
	})
}

// OptedOut lists the numbers that are opted out, sorted.
func (s *Simulator) OptedOut() []string {
	list := s.out.Keys()
	slices.Sort(list)
	return list
}

// authorize checks that the request is signed for sns.
func (c *call) authorize() problem {
	access, service, ok := stage.Credential(c.r.Header.Get("Authorization"))
	c.access = access
	switch {
	case !ok:
		return problem{code: "MissingAuthenticationToken", text: "Request is missing Authentication Token"}
	case service != "sns":
		return problem{code: "SignatureDoesNotMatch", text: "Credential should be scoped to correct service: 'sns'."}
	default:
		return problem{}
	}
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
