package simulators

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"carillon/adapters/simulators/dialer"
	"carillon/adapters/simulators/dms"
	"carillon/adapters/simulators/kafka"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/ses"
	"carillon/adapters/simulators/sns"
	"carillon/adapters/simulators/stage"
)

// Profile is how the providers behave in good health; see [Morning] and [Calm].
type Profile = stage.Profile

// Morning is a realistic morning: small waits, about 2 % bounces, 3 % failing texts, 10 % calls nobody answers.
func Morning() Profile { return stage.Morning() }

// Calm is for tests: everything succeeds, and fast.
func Calm() Profile { return stage.Calm() }

// Config is which simulators run, where, and how they behave. A simulator whose address is empty does not run.
// Addresses are host:port on loopback; port 0 takes a free one.
type Config struct {
	// Clock tells the time of answers, reports and records; time.Now when nil. Waits are real waits.
	Clock func() time.Time
	// Seed is the chance of the simulators: the same seed gives the same number the same fate.
	Seed uint64
	// Log gets what goes wrong in the simulators themselves, without personal data. It must be given.
	Log *slog.Logger
	// Profile is the behaviour in good health; the zero value succeeds always and waits never.
	Profile Profile
	// Retry bounds the deliveries of reports; see [later.Retry] for its defaults.
	Retry later.Retry
	// RecordDir is where the records are appended, one <name>.ndjson for each simulator; nowhere when empty.
	RecordDir string
	// Keep is how many records of each simulator are kept in memory, the newest; 100,000 when 0.
	Keep int
	// Queue is how many reports of each simulator may wait; 200,000 when 0. What finds it full is recorded as dropped.
	Queue int
	// Workers is how many reports of each simulator are delivered at once; 8 when 0.
	Workers int

	// KeyFile keeps the signing key and its certificate over restarts; a new pair is made at each start when empty.
	KeyFile string
	// KeyBits is the length of a new key; 2048 when 0.
	KeyBits int
	// Region is the region in the SigningCertURL and the default ARNs; us-east-1 when empty.
	Region string

	// ControlAddr is the address of the control listener.
	ControlAddr string
	// SNSAddr is the address of SNS.
	SNSAddr string
	// SESAddr is the address of SES.
	SESAddr string
	// DialerAddr is the address of the dialer vendor.
	DialerAddr string
	// KafkaAddr is the address of the Kafka broker.
	KafkaAddr string
	// RunDMS runs the DMS, against DMS.Brokers or, when there are none, against the Kafka broker above.
	RunDMS bool

	// SNS is the account at SNS.
	SNS sns.Config
	// SES is the account at SES.
	SES ses.Config
	// Dialer is the account at the dialer vendor.
	Dialer dialer.Config
	// Kafka is the broker; its Addr is KafkaAddr, and the topics of the DMS are added to its Topics.
	Kafka kafka.Config
	// DMS is what the document management system reads and writes.
	DMS dms.Config

	// Hooks is where the reports go; [Running.SetHooks] changes it.
	Hooks Hooks
}

// Hooks is where Carillon takes reports. An empty one gets none.
type Hooks struct {
	// SMSStatus is the URL for delivery-status records.
	SMSStatus string `json:"smsStatus"`
	// SMSInbound is the URL for replies.
	SMSInbound string `json:"smsInbound"`
	// Email is the URL for SES events.
	Email string `json:"email"`
	// Calls is Carillon's base URL: leases and results are under <Calls>/v1/feeds/calls/.
	Calls string `json:"calls"`
	// CallsKey is the bearer key that the dialer vendor shows there.
	CallsKey string `json:"callsKey,omitempty"`
}

// Default is every simulator on a free port of 127.0.0.1, on a realistic [Morning].
func Default(log *slog.Logger) Config {
	const free = "127.0.0.1:0"
	return Config{
		Log: log, Profile: Morning(), Seed: 1,
		ControlAddr: free, SNSAddr: free, SESAddr: free, DialerAddr: free, KafkaAddr: free, RunDMS: true,
	}
}

// withDefaults fills what was left empty.
func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Retry = c.Retry.WithDefaults()
	c.Keep = orInt(c.Keep, 100_000)
	c.Queue = orInt(c.Queue, 200_000)
	c.Workers = orInt(c.Workers, 8)
	c.KeyBits = orInt(c.KeyBits, 2048)
	c.Region = orText(c.Region, "us-east-1")
	arn := "arn:aws:sns:" + c.Region + ":123456789012:"
	c.SNS.StatusTopic = orText(c.SNS.StatusTopic, arn+"carillon-sms-status")
	c.SNS.InboundTopic = orText(c.SNS.InboundTopic, arn+"carillon-sms-inbound")
	c.SES.Topic = orText(c.SES.Topic, arn+"carillon-email")
	c.DMS = c.DMS.WithDefaults()
	c.Kafka.Addr = c.KafkaAddr
	c.Kafka.Topics = append([]string{c.DMS.Letters, c.DMS.Manifests, c.DMS.Statuses}, c.Kafka.Topics...)
	return c
}

func orInt(value, other int) int {
	if value == 0 {
		return other
	}
	return value
}

func orText(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// ErrNotLoopback tells that a simulator was to listen for others than this machine.
var ErrNotLoopback = errors.New("simulators: not a loopback address")

// loopback says whether an address, when there is one, is of this machine alone.
func loopback(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%w: %s", ErrNotLoopback, addr)
	}
	return nil
}

// validate reports everything that is wrong with the configuration at once.
func (c Config) validate() error {
	var errs []error
	if c.Log == nil {
		errs = append(errs, errors.New("simulators: a log is needed"))
	}
	for _, addr := range []string{c.ControlAddr, c.SNSAddr, c.SESAddr, c.DialerAddr} {
		errs = append(errs, loopback(addr))
	}
	if c.RunDMS && c.KafkaAddr == "" && len(c.DMS.Brokers) == 0 {
		errs = append(errs, errors.New("simulators: the DMS needs brokers"))
	}
	if c.Keep < 0 || c.Queue < 0 || c.Workers < 0 {
		errs = append(errs, errors.New("simulators: a bound is negative"))
	}
	return errors.Join(errs...)
}
