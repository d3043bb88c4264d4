// Package ses is a double of Amazon SES v2: SendEmail and GetAccount in REST JSON, and event publishing as signed
// notifications.
//
// It checks the form of a request and that it is signed for ses; it does not check the signature itself. Addresses at
// simulator.amazonses.com behave as at SES: success, bounce, ooto, complaint and suppressionlist.
package ses

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/notify"
	"carillon/adapters/simulators/stage"
)

// Config is the account that the simulator plays.
type Config struct {
	// Topic is the ARN under which events are notified.
	Topic string
	// Max24HourSend is the recipients allowed in a day; 1,000,000 when 0, no limit when negative.
	Max24HourSend float64
	// MaxSendRate is the recipients allowed in a second; 1,000 when 0.
	MaxSendRate float64
	// Domains lists the verified From domains; every domain is verified when it is empty.
	Domains []string
	// ConfigurationSets lists the configuration sets there are; every name is known when it is empty.
	ConfigurationSets []string
	// Sandbox says that the account has no production access.
	Sandbox bool
}

// Simulator is the double of SES; it is an http.Handler.
type Simulator struct {
	config     Config
	stage      *stage.Stage
	poster     *notify.Poster
	rate       *faults.Throttle
	suppressed *later.Memory[string]
	mux        *http.ServeMux

	mu   sync.Mutex
	day  time.Time
	sent float64
}

// maxBody is the size of a message that SES v2 takes.
const maxBody = 40 << 20

// New returns a simulator.
func New(c Config, s *stage.Stage, p *notify.Poster) *Simulator {
	if c.Max24HourSend == 0 {
		c.Max24HourSend = 1_000_000
	}
	if c.MaxSendRate == 0 {
		c.MaxSendRate = 1_000
	}
	sim := &Simulator{
		config: c, stage: s, poster: p, rate: faults.NewThrottle(c.MaxSendRate),
		suppressed: later.NewMemory[string](200_000), mux: http.NewServeMux(),
	}
	sim.mux.HandleFunc("POST /v2/email/outbound-emails", sim.send)
	sim.mux.HandleFunc("GET /v2/email/account", sim.account)
	sim.mux.HandleFunc("/", sim.unknown)
	return sim
}

// ServeHTTP answers the REST JSON protocol.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mux.ServeHTTP(w, r)
}

// call is one request being answered.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	rule    *faults.Rule
	request string
	access  string
}

// problem is an error answer of SES; without a text it gets the usual one of its code.
type problem struct {
	code string
	text string
}

func (p problem) status() int {
	switch p.code {
	case "TooManyRequestsException", "ThrottlingException":
		return http.StatusTooManyRequests
	case "NotFoundException":
		return http.StatusNotFound
	case "ConflictException":
		return http.StatusConflict
	case "AccessDeniedException", "MissingAuthenticationTokenException", "SignatureDoesNotMatch",
		"UnrecognizedClientException", "ExpiredTokenException":
		return http.StatusForbidden
	case "InternalServiceErrorException", "InternalFailure":
		return http.StatusInternalServerError
	case "ServiceUnavailable", "ServiceUnavailableException":
		return http.StatusServiceUnavailable
	default: // BadRequestException, MessageRejected, AccountSuspendedException and most others
		return http.StatusBadRequest
	}
}

func (p problem) message() string {
	if p.text != "" {
		return p.text
	}
	switch p.code {
	case "TooManyRequestsException", "ThrottlingException":
		return "Maximum sending rate exceeded."
	case "AccountSuspendedException":
		return "Your account has been suspended."
	case "SendingPausedException":
		return "Email sending is paused for your account."
	case "MailFromDomainNotVerifiedException":
		return "The custom MAIL FROM domain is not verified."
	case "LimitExceededException":
		return "There are too many instances of the specified resource type."
	case "MessageRejected":
		return "The message can't be sent because it contains invalid content."
	default:
		return "The request was refused with " + p.code
	}
}

func (c *call) refuse(p problem) {
	c.w.Header().Set("X-Amzn-Errortype", p.code)
	c.write(p.status(), map[string]string{"message": p.message()})
}

func (c *call) write(status int, body any) {
	c.w.Header().Set("Content-Type", "application/json")
	stage.Write(c.w, c.request, status, json.Marshal, body)
}

// authorize checks that the request is signed for ses.
func (c *call) authorize() problem {
	access, service, ok := stage.Credential(c.r.Header.Get("Authorization"))
	c.access = access
	switch {
	case !ok:
		return problem{code: "MissingAuthenticationTokenException", text: "Missing Authentication Token"}
	case service != "ses":
		return problem{code: "SignatureDoesNotMatch", text: "Credential should be scoped to correct service: 'ses'."}
	default:
		return problem{}
	}
}

// probe answers a call that sends nothing; it says false when the call was answered with the fault.
func (s *Simulator) probe(c *call, name string) bool {
	s.stage.Enter(c.r.Context(), c.rule.Fault)
	record := book.Record{Op: "probe", Request: c.request, Reference: name, Outcome: "accepted", Status: http.StatusOK}
	defer func() {
		record.Access = c.access
		s.stage.Book.Write(record)
	}()
	if c.rule.Down {
		record.Outcome, record.Status = "down", http.StatusServiceUnavailable
		stage.Down(c.w)
		return false
	}
	p := c.authorize()
	record.Outcome = "forbidden"
	if p.code == "" {
		record.Outcome = "error"
		if e := (problem{code: c.rule.Error}); e.code != "" && (e.status() == http.StatusForbidden || e.status() >= 500) {
			p = e
		}
	}
	if p.code != "" {
		record.Code, record.Status = p.code, p.status()
		c.refuse(p)
		return false
	}
	record.Outcome = "accepted"
	return true
}

// account answers GetAccount. A suspended or paused account shows itself here.
func (s *Simulator) account(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, rule: s.stage.Faults.For(), request: s.stage.Dice.ID()}
	if !s.probe(c, "GetAccount") {
		return
	}
	health, enabled := "HEALTHY", true
	switch c.rule.Error {
	case "AccountSuspendedException":
		health, enabled = "SHUTDOWN", false
	case "SendingPausedException":
		enabled = false
	}
	limit := s.config.Max24HourSend
	if limit < 0 {
		limit = -1
	}
	c.write(http.StatusOK, map[string]any{
		"DedicatedIpAutoWarmupEnabled": false,
		"EnforcementStatus":            health,
		"ProductionAccessEnabled":      !s.config.Sandbox,
		"SendingEnabled":               enabled,
		"SendQuota": map[string]float64{
			"Max24HourSend": limit, "MaxSendRate": s.config.MaxSendRate, "SentLast24Hours": s.Sent(),
		},
	})
}

func (s *Simulator) unknown(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, rule: s.stage.Faults.For(), request: s.stage.Dice.ID()}
	if s.probe(c, "unknown") {
		c.refuse(problem{code: "NotFoundException", text: "No such operation"})
	}
}

// Sent is how many recipients were taken since the day's count began; it begins again after 24 hours.
func (s *Simulator) Sent() float64 {
	return s.spend(0)
}

// spend counts recipients and returns the day's count.
func (s *Simulator) spend(recipients int) float64 {
	now := s.stage.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.day) >= 24*time.Hour {
		s.day, s.sent = now, 0
	}
	s.sent += float64(recipients)
	return s.sent
}
