package simulators

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/dialer"
	"carillon/adapters/simulators/dms"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/kafka"
	"carillon/adapters/simulators/notify"
	"carillon/adapters/simulators/ses"
	"carillon/adapters/simulators/sns"
	"carillon/adapters/simulators/stage"
)

// Running is the simulators while they run.
type Running struct {
	config  Config
	cancel  context.CancelFunc
	done    sync.WaitGroup
	once    sync.Once
	client  *http.Client
	servers []*http.Server
	signer  *notify.Signer
	stages  map[string]*stage.Stage
	urls    URLs

	smsPoster   *notify.Poster
	emailPoster *notify.Poster
	sns         *sns.Simulator
	ses         *ses.Simulator
	dialer      *dialer.Simulator
	broker      *kafka.Broker
	dms         *dms.Simulator

	mu    sync.Mutex
	hooks Hooks
}

// URLs is where the simulators listen; what does not run is empty.
type URLs struct {
	// Control is the control listener.
	Control string `json:"control,omitempty"`
	// SNS is the endpoint to give to an SNS client.
	SNS string `json:"sns,omitempty"`
	// SES is the endpoint to give to an SES v2 client.
	SES string `json:"ses,omitempty"`
	// Dialer is the base URL of the dialer vendor.
	Dialer string `json:"dialer,omitempty"`
	// Kafka holds the addresses of the brokers.
	Kafka []string `json:"kafka,omitempty"`
}

// URLs returns where the simulators listen.
func (r *Running) URLs() URLs { return r.urls }

// Topics returns the ARNs of the topics of SMS status, SMS replies and email events, for a receiver to pin.
func (r *Running) Topics() (smsStatus, smsInbound, email string) {
	return r.config.SNS.StatusTopic, r.config.SNS.InboundTopic, r.config.SES.Topic
}

// CertificatePEM is the certificate that the notifications are signed with, for a receiver to trust.
func (r *Running) CertificatePEM() []byte { return r.signer.CertificatePEM() }

// CertificateURL is the SigningCertURL that the notifications carry.
func (r *Running) CertificateURL() string { return r.signer.CertificateURL() }

// Faults returns the faults of a simulator by its name, nil for one that is not known.
func (r *Running) Faults(name string) *faults.Set {
	if s, found := r.stages[name]; found {
		return s.Faults
	}
	return nil
}

// Book returns the records of a simulator by its name, nil for one that is not known.
func (r *Running) Book(name string) *book.Book {
	if s, found := r.stages[name]; found {
		return s.Book
	}
	return nil
}

// Reply has a person send a text back; it returns the inbound message id.
func (r *Running) Reply(reply sns.Reply) (string, error) { return r.sns.Receive(reply) }

// OptOut opts a number out at SNS, or in again.
func (r *Running) OptOut(number string, out bool) { r.sns.OptOut(number, out) }

// SetHooks changes where reports go. A topic whose hook changed gets a new subscription, and its hook one
// SubscriptionConfirmation.
func (r *Running) SetHooks(h Hooks) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.hooks
	r.hooks = h
	if h.SMSStatus != old.SMSStatus {
		r.smsPoster.Subscribe(r.config.SNS.StatusTopic, h.SMSStatus, r.urls.SNS)
	}
	if h.SMSInbound != old.SMSInbound {
		r.smsPoster.Subscribe(r.config.SNS.InboundTopic, h.SMSInbound, r.urls.SNS)
	}
	if h.Email != old.Email {
		r.emailPoster.Subscribe(r.config.SES.Topic, h.Email, r.urls.SNS)
	}
	r.dialer.SetHook(h.Calls, h.CallsKey)
}

func (r *Running) confirm(topic, token string) (string, bool) {
	if arn, ok := r.smsPoster.Confirm(topic, token); ok {
		return arn, true
	}
	return r.emailPoster.Confirm(topic, token)
}

// Pending is how many reports wait or are being delivered, over all simulators.
func (r *Running) Pending() int {
	pending := 0
	for _, s := range r.stages {
		pending += s.Later.Pending()
	}
	return pending
}

// Close stops listening, drops the reports that wait, and ends what runs. It may be called more than once.
func (r *Running) Close(ctx context.Context) error {
	var errs []error
	r.once.Do(func() {
		r.cancel() // calls that are held are cut without an answer
		for _, server := range r.servers {
			if err := server.Shutdown(ctx); err != nil {
				errs = append(errs, err, server.Close())
			}
		}
		for _, s := range r.stages {
			if s != nil {
				s.Later.Close()
			}
		}
		if r.dms != nil {
			errs = append(errs, r.dms.Close(ctx))
		}
		r.done.Wait()
		if r.broker != nil {
			r.broker.Close()
		}
		for _, s := range r.stages {
			if s != nil {
				errs = append(errs, s.Book.Close())
			}
		}
		r.client.CloseIdleConnections()
	})
	return errors.Join(errs...)
}

// State is all simulators as the control listener shows them.
type State struct {
	// URLs is where they listen.
	URLs URLs `json:"urls"`
	// Hooks is where reports go, without the key.
	Hooks Hooks `json:"hooks"`
	// Certificate is the SigningCertURL.
	Certificate string `json:"certificate"`
	// Subscriptions are the topics with their hooks.
	Subscriptions []notify.Subscription `json:"subscriptions"`
	// Simulators holds each by its name.
	Simulators map[string]SimulatorState `json:"simulators"`
	// OptedOut counts the numbers that are opted out at SNS.
	OptedOut int `json:"optedOut"`
	// SentLast24Hours counts the recipients of the day at SES.
	SentLast24Hours float64 `json:"sentLast24Hours"`
	// Dialling is how many phones ring.
	Dialling int64 `json:"dialling"`
	// DMS holds the runs that are not accepted; it is missing when no DMS runs.
	DMS *dms.State `json:"dms,omitempty"`
}

// SimulatorState is one simulator.
type SimulatorState struct {
	// Faults is how it was told to misbehave.
	Faults faults.State `json:"faults"`
	// Records is the state of its book.
	Records book.State `json:"records"`
	// Pending is how many reports wait or are being delivered.
	Pending int `json:"pending"`
	// Refused counts what found the queue of reports full.
	Refused int64 `json:"refused,omitempty"`
}

// State returns what the simulators are doing.
func (r *Running) State() State {
	r.mu.Lock()
	hooks := r.hooks
	r.mu.Unlock()
	hooks.CallsKey = ""
	state := State{
		URLs: r.urls, Hooks: hooks, Certificate: r.signer.CertificateURL(),
		Subscriptions: append(r.smsPoster.State(), r.emailPoster.State()...),
		Simulators:    make(map[string]SimulatorState, len(r.stages)),
		OptedOut:      len(r.sns.OptedOut()), SentLast24Hours: r.ses.Sent(), Dialling: r.dialer.Dialling(),
	}
	for name, s := range r.stages {
		state.Simulators[name] = SimulatorState{
			Faults: s.Faults.State(), Records: s.Book.State(), Pending: s.Later.Pending(), Refused: s.Later.Refused(),
		}
	}
	if r.dms != nil {
		dmsState := r.dms.State()
		state.DMS = &dmsState
	}
	return state
}
