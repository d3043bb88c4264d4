package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"carillon/adapters/driven/dialer"
	"carillon/adapters/driven/kafkaout"
	"carillon/adapters/driven/ses"
	"carillon/adapters/driven/sns"
	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/core/consent"
	"carillon/core/fault"
	"carillon/core/ledger"
)

// production is the environment in which everyone is reachable.
const production = "production"

// Settings are all settings of a gateway. Each is a flag, an environment variable (CARILLON_ and the flag's name in
// capitals) and a key of the YAML file that --settings names, in this order of precedence.
type Settings struct {
	Store       string   `help:"Where everything is kept: a file for SQLite, or postgres://user:password@host/database." default:"carillon.db"`
	StoreConns  int32    `help:"Connections to PostgreSQL at most; 0: four, or one per processor." default:"16"`
	Listen      string   `help:"Address of the API." default:"127.0.0.1:8080"`
	Profiles    string   `help:"Address on this machine that serves Go's profiles (net/http/pprof) to an engineer; empty: none." placeholder:"HOST:PORT"`
	Environment string   `help:"Outside production only recipients on the allow-list are reached." enum:"production,staging,test,demo,development" default:"development"`
	Allow       []string `help:"Who may be reached outside production: numbers, addresses, account:… or person:… for letters; * is a pattern." placeholder:"PATTERN"`
	FirstConfig string   `help:"YAML file that a new store takes as its first configuration; empty: the one that is shipped." placeholder:"FILE"`

	LogLevel  slog.Level       `help:"debug, info, warn or error." default:"info"`
	LogFormat telemetry.Format `help:"json or text." default:"json"`

	Lease           time.Duration `help:"How long a claim holds; no call begins after it." default:"1m"`
	Grace           time.Duration `help:"How long calls under way may take when the gateway stops." default:"10s"`
	CallTimeout     time.Duration `help:"Longest wait for one call of a provider." default:"10s"`
	LettersSchedule string        `help:"When LTRPRT runs, where its Batch Control has no schedule: a cron expression in the zone of its division, else of the first; empty: only by hand." default:"0 2 * * *"`

	Ledger LedgerSettings `embed:"" prefix:"ledger-"`
	Keep   KeepSettings   `embed:""`
	Kafka  KafkaSettings  `embed:"" prefix:"kafka-"`
	SNS    AWSSettings    `embed:"" prefix:"sns-"`
	SES    AWSSettings    `embed:"" prefix:"ses-"`
	Dialer DialerSettings `embed:"" prefix:"dialer-"`
	Hooks  HookSettings   `embed:"" prefix:"hooks-"`
}

// KafkaSettings reach the brokers that letters and status entries go to.
type KafkaSettings struct {
	Brokers         []string      `help:"host:port of Kafka brokers; empty: no letter leaves." placeholder:"HOST:PORT"`
	Version         string        `help:"Oldest Kafka version among the brokers." default:"2.8.0"`
	Letters         string        `help:"Topic of letters." default:"carillon.letters"`
	Manifests       string        `help:"Topic of manifests." default:"carillon.manifests"`
	LetterStatus    string        `help:"Topic on which the document management system answers." default:"carillon.letter-status"`
	Status          string        `help:"Topic of what happened, for the CIS; empty: none." default:"carillon.status"`
	Group           string        `help:"Consumer group." default:"carillon"`
	Intake          string        `help:"Topic of contacts to take in; empty: none."`
	IntakeResult    string        `help:"Topic on which every record of the intake topic is answered." default:"carillon.intake-result"`
	IntakeDead      string        `help:"Topic of records that are no contacts." default:"carillon.intake-dead"`
	IntakePrincipal string        `help:"Name of the principal the intake topic posts as: its source and divisions hold."`
	Events          string        `help:"Topic of system events to take in; empty: none."`
	EventsResult    string        `help:"Topic on which every record of the events topic is answered." default:"carillon.events-result"`
	EventsDead      string        `help:"Topic of records that are no events." default:"carillon.events-dead"`
	EventsPrincipal string        `help:"Name of the principal the events topic posts as: its source and divisions hold."`
	TLS             bool          `help:"Use TLS."`
	CAFile          string        `help:"PEM file of trusted certificates; empty: the system's." placeholder:"FILE"`
	CertFile        string        `help:"PEM file of our certificate." placeholder:"FILE"`
	KeyFile         string        `help:"PEM file of our key." placeholder:"FILE"`
	SASL            string        `help:"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: none."`
	User            string        `help:"SASL user."`
	Password        secret.Text   `help:"SASL password."`
	Timeout         time.Duration `help:"Longest wait for one batch of letters." default:"30s"`
}

// AWSSettings reach SNS or SES. What is empty is left to the SDK: its environment, files and credentials chain.
type AWSSettings struct {
	Region    string      `help:"AWS region; empty: the SDK's own setting."`
	Endpoint  string      `help:"URL of the service; empty: the SDK's own setting (AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL_SESV2) or AWS." placeholder:"URL"`
	AccessKey string      `help:"AWS access key id; empty: the SDK's chain of credentials."`
	SecretKey secret.Text `help:"AWS secret access key."`
	CAFile    string      `help:"PEM file of trusted certificates; empty: the system's." placeholder:"FILE"`
}

// DialerSettings reach the vendor that calls are pushed to.
type DialerSettings struct {
	URL    string      `help:"Base URL of the dialer vendor; empty: no call is pushed." placeholder:"URL"`
	Key    secret.Text `help:"Bearer key for the vendor."`
	CAFile string      `help:"PEM file of trusted certificates; empty: the system's." placeholder:"FILE"`
}

// HookSettings say whose notifications are believed.
type HookSettings struct {
	EmailTopic      []string `help:"ARN of an SNS topic that SES events come under." placeholder:"ARN"`
	SMSStatusTopic  []string `help:"ARN of an SNS topic that SMS delivery status comes under." placeholder:"ARN"`
	SMSInboundTopic []string `help:"ARN of an SNS topic that replies come under." placeholder:"ARN"`
	TrustFile       string   `help:"PEM file of a certificate whose signatures are believed, for simulators; refused in production." placeholder:"FILE"`
	Version1        bool     `help:"Believe signatures of version 1 (SHA-1) too; better set the topics to version 2."`
	TrustEndpoint   string   `help:"Base URL at which subscriptions are confirmed, for simulators; refused in production." placeholder:"URL"`
}

// Validate reports everything that is wrong with the settings, joined.
func (s Settings) Validate() error {
	var wrong []error
	if s.Environment == production && len(s.Allow) > 0 {
		wrong = append(wrong, errors.New("allow: production reaches everyone; an allow-list has no place there"))
	}
	if s.Environment == production && (s.Hooks.TrustFile != "" || s.Hooks.TrustEndpoint != "") {
		wrong = append(wrong, errors.New("hooks-trust-file: production believes nobody but AWS"))
	}
	if s.Ledger.Origin != "" && !ledger.ValidOrigin(s.Ledger.Origin) {
		wrong = append(wrong, errors.New("ledger-origin: must be one line"))
	}
	if s.Profiles != "" && !onLoopback(s.Profiles) {
		wrong = append(wrong, errors.New("profiles: is no address of this machine alone, as 127.0.0.1:6060"))
	}
	if s.Lease < s.CallTimeout {
		wrong = append(wrong, errors.New("lease: must not be shorter than call-timeout"))
	}
	wrong = append(wrong, s.Keep.validate(), s.Kafka.validate())
	return errors.Join(wrong...)
}

func (k KafkaSettings) validate() error {
	if k.Intake != "" && k.IntakePrincipal == "" {
		return errors.New("kafka-intake: needs kafka-intake-principal, whose source and divisions hold for it")
	}
	if k.Events != "" && k.EventsPrincipal == "" {
		return errors.New("kafka-events: needs kafka-events-principal, whose source and divisions hold for it")
	}
	return nil
}

// postgres reports whether the store is PostgreSQL.
func (s Settings) postgres() bool {
	return strings.HasPrefix(s.Store, "postgres://") || strings.HasPrefix(s.Store, "postgresql://")
}

// allow is the environment's allow-list.
func (s Settings) allow() consent.Allow {
	return consent.Allow{Everyone: s.Environment == production, Entries: s.Allow}
}

func (a AWSSettings) sns() sns.Config {
	return sns.Config{Region: a.Region, Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, CAFile: a.CAFile}
}

func (a AWSSettings) ses() ses.Config {
	return ses.Config{Region: a.Region, Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, CAFile: a.CAFile}
}

func (d DialerSettings) config() dialer.Config {
	return dialer.Config{URL: d.URL, Key: d.Key, CAFile: d.CAFile}
}

func (k KafkaSettings) config() kafkaout.Config {
	return kafkaout.Config{Connection: k.connection(), Letters: k.Letters, Manifests: k.Manifests, Status: k.Status}
}

func (k KafkaSettings) connection() kafkaout.Connection {
	return kafkaout.Connection{
		Brokers: k.Brokers, Version: k.Version, TLS: k.TLS, CAFile: k.CAFile, CertFile: k.CertFile, KeyFile: k.KeyFile,
		SASL: k.SASL, User: k.User, Password: k.Password,
	}
}

// yamlSettings reads the file that --settings names: its keys are the names of the flags.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	asJSON, err := yamlToJSON(text)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any)
	if err := json.Unmarshal(asJSON, &values); err != nil {
		return nil, fault.Wrap(fault.Invalid, "the settings file is no list of settings", err)
	}
	return fileSettings(values), nil
}

// fileSettings are the values of a settings file, by the names of flags.
type fileSettings map[string]any

// Validate implements kong.Resolver: a key that is no setting of any command is refused, and so is a nested one.
func (f fileSettings) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	wrong := []error{err}
	for key, value := range f {
		if _, nested := value.(map[string]any); nested || !known[key] {
			wrong = append(wrong, fault.New(fault.Invalid, "the settings file has a key that is no setting: "+key))
		}
	}
	return errors.Join(wrong...)
}

// Resolve implements kong.Resolver. A variable of the environment is nearer than a file.
func (f fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong's word for "nothing to say"
		}
	}
	value, there := f[flag.Name]
	if !there {
		return nil, nil //nolint:nilnil // as above
	}
	return value, nil
}
