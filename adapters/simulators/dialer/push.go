package dialer

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"
	"unicode/utf8"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// batch is the body of a dial request batch.
type batch struct {
	Requests []dialRequest `json:"dialRequests"`
}

type dialRequest struct {
	Token      string            `json:"clientToken"`
	Number     string            `json:"phoneNumber"`
	Expiration string            `json:"expirationTime"`
	Attributes map[string]string `json:"attributes"`
}

// outcomes is the answer to a batch.
type outcomes struct {
	Successful []success `json:"successfulRequests"`
	Failed     []failure `json:"failedRequests"`
}

type success struct {
	Token string `json:"clientToken"`
	ID    string `json:"id"`
}

type failure struct {
	Token string `json:"clientToken"`
	ID    string `json:"id,omitempty"`
	Code  string `json:"failureCode"`
}

// maxBatch is how many requests one batch may hold.
const maxBatch = 25

func (s *Simulator) dialRequests(w http.ResponseWriter, r *http.Request) {
	x, ok := s.enter(w, r, "dial")
	if !ok {
		return
	}
	var b batch
	err := json.NewDecoder(r.Body).Decode(&b)
	if err != nil || len(b.Requests) == 0 || len(b.Requests) > maxBatch {
		s.stage.Book.Write(book.Record{
			Op: "dial", Request: x.request, Key: x.campaign, Outcome: "invalid", Code: "ValidationException",
			Status: http.StatusBadRequest,
		})
		x.write(http.StatusBadRequest, map[string]string{
			"message": "ValidationException: dialRequests must hold 1 to 25 requests",
		})
		return
	}
	answer := s.stage.Answer(x.rule.Fault)
	result := outcomes{Successful: []success{}, Failed: []failure{}}
	for _, request := range b.Requests {
		id, code := s.take(x, request, answer)
		if code == "" {
			result.Successful = append(result.Successful, success{Token: request.Token, ID: id})
		} else {
			result.Failed = append(result.Failed, failure{Token: request.Token, ID: id, Code: code})
		}
	}
	answer.Play(r.Context())
	x.write(http.StatusOK, result)
}

// valid reads the expiry and reports whether the request can be dialled at all.
func (d dialRequest) valid() (expires time.Time, ok bool) {
	expires, err := time.Parse(time.RFC3339, d.Expiration)
	return expires, err == nil && d.Token != "" && utf8.RuneCountInString(d.Token) <= 200 && stage.E164(d.Number)
}

// take takes one request, once for each client token, and returns its id or why it failed.
func (s *Simulator) take(x *exchange, d dialRequest, answer stage.Answer) (id, code string) {
	record := book.Record{
		Op: "dial", Reference: d.Token, Request: x.request, Key: x.campaign, To: []string{d.Number},
		Content: d.Attributes["script"], Length: utf8.RuneCountInString(d.Attributes["script"]),
		Attributes: maps.Clone(d.Attributes), Status: http.StatusOK, Answer: answer.String(),
	}
	defer func() {
		record.ID, record.Code = id, code
		s.stage.Book.Write(record)
	}()
	expires, valid := d.valid()
	if known, repeat := s.calls.Get(d.Token); repeat && valid {
		record.Outcome = "repeat"
		return known, ""
	}
	switch {
	case x.rule.Error != "":
		record.Outcome = "error"
		return "", x.rule.Error
	case !valid || !expires.After(s.stage.Clock()):
		record.Outcome = "invalid"
		return "", "InvalidInput"
	case x.rule.Refuses(d.Number):
		record.Outcome = "refused"
		return "", "InvalidInput"
	case !x.rule.Pass(s.stage.Clock(), 1), s.config.Lines > 0 && s.lines.Load() >= int64(s.config.Lines):
		record.Outcome = "throttled"
		return "", "RequestThrottled"
	}
	id, repeat := s.calls.Add(d.Token, s.stage.Dice.ID())
	if repeat {
		record.Outcome = "repeat"
		return id, ""
	}
	record.Outcome = "accepted"
	s.dial(phoneCall{token: d.Token, number: d.Number, campaign: x.campaign, until: expires}, x.rule.Fault)
	return id, ""
}
