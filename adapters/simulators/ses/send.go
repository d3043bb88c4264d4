package ses

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// sendRequest is the body of SendEmail.
type sendRequest struct {
	FromEmailAddress string
	Destination      struct {
		ToAddresses  []string
		CcAddresses  []string
		BccAddresses []string
	}
	ReplyToAddresses     []string
	ConfigurationSetName string
	EmailTags            []pair
	Content              struct {
		Simple   *simple
		Raw      *struct{ Data []byte }
		Template json.RawMessage
	}
}

type pair struct{ Name, Value string }

type part struct{ Data string }

type simple struct {
	Subject part
	Body    struct{ Text, HTML *part } // on the wire Html; reading JSON does not mind
	Headers []pair
}

// email is a SendEmail as it was understood.
type email struct {
	from    string
	domain  string
	to      []string
	subject string
	text    string
	html    string
	set     string
	tags    []pair
	headers []pair
}

func (s *Simulator) send(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, request: s.stage.Dice.ID()}
	e, wrong := read(r)
	c.rule = s.stage.Faults.For(e.domain)
	s.stage.Enter(r.Context(), c.rule.Fault)
	unsigned := c.authorize()
	record := book.Record{
		Op: "send", Request: c.request, Key: e.domain, From: e.from, To: e.to, Subject: e.subject,
		Length: utf8.RuneCountInString(e.text), Content: e.text, HTML: e.html, Attributes: e.attributes(), Access: c.access,
	}
	outcome, p := s.judge(c, e, unsigned, wrong)
	record.Outcome, record.Code = outcome, p.code
	switch {
	case outcome == "down":
		record.Status = http.StatusServiceUnavailable
		s.stage.Book.Write(record)
		stage.Down(w)
		return
	case p.code != "":
		record.Status = p.status()
		s.stage.Book.Write(record)
		c.refuse(p)
		return
	}
	s.spend(len(e.to))
	record.ID, record.Status = "0100"+s.stage.Dice.ID()+"-000000", http.StatusOK
	answer := s.stage.Answer(c.rule.Fault)
	record.Answer = answer.String()
	s.stage.Book.Write(record)
	s.report(e, record.ID, c.rule.Fault)
	answer.Play(r.Context())
	c.write(http.StatusOK, map[string]string{"MessageId": record.ID})
}

// judge says what becomes of an email, in the order in which SES looks at it.
func (s *Simulator) judge(c *call, e email, unsigned, wrong problem) (string, problem) {
	switch {
	case c.rule.Down:
		return "down", problem{}
	case unsigned.code != "":
		return "forbidden", unsigned
	case !c.rule.Pass(s.stage.Clock(), max(len(e.to), 1)):
		return "throttled", problem{code: "TooManyRequestsException"}
	case c.rule.Error != "":
		return "error", problem{code: c.rule.Error}
	case wrong.code != "":
		return "invalid", wrong
	default:
		return s.admit(c, e)
	}
}

// admit says whether the account may send an email that is in order.
func (s *Simulator) admit(c *call, e email) (string, problem) {
	limit := s.config.Max24HourSend
	switch {
	case len(s.config.Domains) > 0 && !slices.Contains(s.config.Domains, e.domain):
		return "refused", problem{code: "MessageRejected", text: "Email address is not verified. The following " +
			"identities failed the check in region US-EAST-1: " + e.from}
	case e.set != "" && len(s.config.ConfigurationSets) > 0 && !slices.Contains(s.config.ConfigurationSets, e.set):
		return "refused", problem{code: "NotFoundException", text: "Configuration set <" + e.set + "> does not exist."}
	case c.rule.Refuses(e.to...):
		return "refused", problem{code: "BadRequestException", text: "Illegal address"}
	case limit > 0 && s.Sent()+float64(len(e.to)) > limit:
		return "throttled", problem{code: "TooManyRequestsException", text: "Daily message quota exceeded."}
	case !s.rate.Pass(s.stage.Clock(), len(e.to)):
		return "throttled", problem{code: "TooManyRequestsException"}
	default:
		return "accepted", problem{}
	}
}

// read understands the request, and says what is wrong with it.
func read(r *http.Request) (email, problem) {
	bad := func(e email, text string) (email, problem) {
		return e, problem{code: "BadRequestException", text: text}
	}
	var req sendRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		return bad(email{}, "The request body cannot be read, or is longer than 41943040 bytes.")
	}
	e := email{from: req.FromEmailAddress, set: req.ConfigurationSetName, tags: req.EmailTags}
	e.to = slices.Concat(req.Destination.ToAddresses, req.Destination.CcAddresses, req.Destination.BccAddresses)
	text := e.content(req)
	from, err := mail.ParseAddress(e.from)
	if err != nil {
		return bad(e, "Missing or malformed From address")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	e.domain = strings.ToLower(domain)
	if text != "" {
		return bad(e, text)
	}
	if text := e.recipients(); text != "" {
		return bad(e, text)
	}
	for _, tag := range e.tags {
		if !tagged(tag.Name, "_-") || !tagged(tag.Value, "_-.@") {
			return bad(e, "Invalid tag: use only ASCII letters, digits, '_', '-', and in values '.' and '@'")
		}
	}
	if len(e.tags) > 50 {
		return bad(e, "Too many tags")
	}
	return e, problem{}
}

// recipients leaves the bare addresses, and says what is wrong with them.
func (e *email) recipients() string {
	if len(e.to) == 0 {
		return "Must specify at least one recipient"
	}
	if len(e.to) > 50 {
		return "Recipient count exceeds 50."
	}
	for i, to := range e.to {
		address, err := mail.ParseAddress(to)
		if err != nil || strings.ContainsFunc(address.Address, func(r rune) bool { return r > 127 }) {
			return "Illegal address"
		}
		e.to[i] = address.Address
	}
	return ""
}

// content reads what is to be sent, and says what is wrong with it.
func (e *email) content(req sendRequest) string {
	switch {
	case req.Content.Simple != nil && req.Content.Raw == nil:
		m := req.Content.Simple
		e.subject, e.headers = m.Subject.Data, m.Headers
		if m.Body.Text != nil {
			e.text = m.Body.Text.Data
		}
		if m.Body.HTML != nil {
			e.html = m.Body.HTML.Data
		}
		if m.Body.Text == nil && m.Body.HTML == nil {
			return "Missing required body"
		}
		return ""
	case req.Content.Raw != nil && req.Content.Simple == nil:
		return e.raw(req.Content.Raw.Data)
	case req.Content.Template != nil:
		return "Template does not exist"
	default:
		return "Content must be one of Simple, Raw and Template"
	}
}

// raw reads a MIME message: its headers are what the request leaves out, its body is kept as it came.
func (e *email) raw(data []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return "The raw message cannot be read"
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return "The raw message cannot be read"
	}
	e.text, e.subject = string(body), m.Header.Get("Subject")
	if subject, err := new(mime.WordDecoder).DecodeHeader(e.subject); err == nil {
		e.subject = subject
	}
	for name, values := range m.Header {
		for _, value := range values {
			e.headers = append(e.headers, pair{Name: name, Value: value})
		}
	}
	slices.SortFunc(e.headers, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	if e.from == "" {
		e.from = m.Header.Get("From")
	}
	if len(e.to) > 0 {
		return ""
	}
	for _, name := range []string{"To", "Cc", "Bcc"} {
		list, err := m.Header.AddressList(name)
		if err != nil {
			continue
		}
		for _, address := range list {
			e.to = append(e.to, address.Address)
		}
	}
	return ""
}

// attributes is what the record keeps beside the text: tags as tag:<name>, headers as header:<name>.
func (e *email) attributes() map[string]string {
	all := make(map[string]string, len(e.tags)+len(e.headers)+1)
	if e.set != "" {
		all["configuration-set"] = e.set
	}
	for _, tag := range e.tags {
		all["tag:"+tag.Name] = tag.Value
	}
	for _, header := range e.headers {
		all["header:"+header.Name] = header.Value
	}
	return all
}

// tagged reports whether a word may stand in a tag.
func tagged(word, also string) bool {
	if word == "" || len(word) > 256 {
		return false
	}
	return !strings.ContainsFunc(word, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune(also, r)
	})
}
