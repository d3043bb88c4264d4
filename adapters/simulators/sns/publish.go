package sns

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// text is a Publish as it was understood.
type text struct {
	number string
	body   string
	sender string
	origin string
	kind   string
	extras map[string]string
	parts  int
}

// The names of the message attributes that speak of SMS.
const (
	attributeSender = "AWS.SNS.SMS.SenderID"
	attributeKind   = "AWS.SNS.SMS.SMSType"
	attributePrice  = "AWS.SNS.SMS.MaxPrice"
	attributeOrigin = "AWS.MM.SMS.OriginationNumber"
)

func (s *Simulator) publish(c *call) {
	t, wrong := read(c.r.Form)
	c.rule = s.stage.Faults.For(t.origin, t.sender)
	s.stage.Enter(c.r.Context(), c.rule.Fault)
	record := book.Record{
		Op: "publish", Request: c.request, Key: first(t.origin, t.sender), From: first(t.origin, t.sender),
		To: []string{t.number}, Length: utf8.RuneCountInString(t.body), Content: t.body, Attributes: t.extras,
	}
	unsigned := c.authorize()
	record.Access = c.access
	outcome, p := s.judge(c, t, unsigned, wrong)
	record.Outcome, record.Code = outcome, p.code
	switch {
	case outcome == "down":
		record.Status = http.StatusServiceUnavailable
		s.stage.Book.Write(record)
		stage.Down(c.w)
		return
	case p.code != "":
		record.Status = p.status()
		s.stage.Book.Write(record)
		c.refuse(p)
		return
	}
	record.ID, record.Status = s.stage.Dice.ID(), http.StatusOK
	answer := s.stage.Answer(c.rule.Fault)
	record.Answer = answer.String()
	s.stage.Book.Write(record)
	s.last.Put(t.number, record.ID)
	s.report(t, record.ID, c.rule.Fault)
	answer.Play(c.r.Context())
	c.answer(publishAnswer(record.ID))
}

// judge says what becomes of a text, in the order in which SNS looks at it.
func (s *Simulator) judge(c *call, t text, unsigned, wrong problem) (string, problem) {
	switch {
	case c.rule.Down:
		return "down", problem{}
	case unsigned.code != "":
		return "forbidden", unsigned
	case !c.rule.Pass(s.stage.Clock(), t.parts):
		return "throttled", problem{code: "Throttling"}
	case c.rule.Error != "":
		return "error", problem{code: c.rule.Error}
	case wrong.code != "":
		return "invalid", wrong
	case c.rule.Refuses(t.number):
		return "refused", problem{
			code: "InvalidParameter",
			text: "Invalid parameter: PhoneNumber Reason: " + t.number + " is not valid to publish to",
		}
	default:
		return "accepted", problem{}
	}
}

// read understands the form, and says what is wrong with it.
func read(form url.Values) (text, problem) {
	t := text{number: form.Get("PhoneNumber"), body: form.Get("Message"), extras: map[string]string{}, kind: "Promotional"}
	wrong := func(why string) (text, problem) {
		return t, problem{code: "InvalidParameter", text: "Invalid parameter: " + why}
	}
	bad := t.attributes(form)
	t.parts = Parts(t.body)
	targets := 0
	for _, name := range []string{"PhoneNumber", "TopicArn", "TargetArn"} {
		if form.Get(name) != "" {
			targets++
		}
	}
	switch {
	case targets == 0:
		return wrong("PhoneNumber, TopicArn or TargetArn Reason: no value for required parameter")
	case targets > 1:
		return wrong("only one of PhoneNumber, TopicArn and TargetArn may be given")
	case t.number == "":
		return t, problem{code: "NotFound", text: "Topic does not exist"}
	case !stage.E164(t.number):
		return wrong("PhoneNumber Reason: " + t.number + " is not valid to publish to")
	case t.body == "":
		return wrong("Empty message")
	case utf8.RuneCountInString(t.body) > 1600:
		return wrong("Message too long")
	case bad != "":
		return t, problem{code: "ParameterValueInvalid", text: "Invalid parameter: " + bad}
	default:
		return t, problem{}
	}
}

// attributes reads the message attributes, whose entries come in any order, and names the one that is wrong.
func (t *text) attributes(form url.Values) string {
	bad := ""
	for i := 1; ; i++ {
		at := "MessageAttributes.entry." + strconv.Itoa(i)
		name := form.Get(at + ".Name")
		if name == "" {
			return bad
		}
		value := form.Get(at + ".Value.StringValue")
		t.extras[name] = value
		switch name {
		case attributeSender:
			t.sender = value
		case attributeOrigin:
			t.origin = value
		case attributeKind:
			t.kind = value
		}
		if form.Get(at+".Value.DataType") == "" || !valid(name, value) {
			bad = name
		}
	}
}

// valid reports whether the value may stand under the name.
func valid(name, value string) bool {
	switch name {
	case attributeSender:
		return senderID(value)
	case attributeOrigin:
		digits := strings.TrimPrefix(value, "+")
		return len(digits) >= 5 && len(digits) <= 14 && strings.Trim(digits, "0123456789") == ""
	case attributeKind:
		return value == "Promotional" || value == "Transactional"
	case attributePrice:
		price, err := strconv.ParseFloat(value, 64)
		return err == nil && price > 0
	default:
		return true
	}
}

// senderID reports whether the id has 3 to 11 letters and digits, a letter among them.
func senderID(id string) bool {
	if len(id) < 3 || len(id) > 11 {
		return false
	}
	letter := false
	for _, c := range id {
		isLetter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !isLetter && (c < '0' || c > '9') {
			return false
		}
		letter = letter || isLetter
	}
	return letter
}

// Parts counts the message parts of a text as carriers bill them: 160 or 153 characters of GSM 03.38, 70 or 67 of
// UCS-2.
func Parts(body string) int {
	const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	const extended = "\f^{}\\[~]|€"
	septets, units, gsm := 0, 0, true
	for _, r := range body {
		units++
		if r > 0xffff {
			units++
		}
		switch {
		case r < 0x80 && (r >= 'a' && r <= 'z' || r == ' ') || strings.ContainsRune(basic, r):
			septets++
		case strings.ContainsRune(extended, r):
			septets += 2
		default:
			gsm = false
		}
	}
	whole, part, size := 160, 153, septets
	if !gsm {
		whole, part, size = 70, 67, units
	}
	if size <= whole {
		return 1
	}
	return (size + part - 1) / part
}
