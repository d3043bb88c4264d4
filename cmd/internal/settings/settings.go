// Package settings are all settings of a gateway: what they are called, what they mean, and which of them make no sense
// together.
package settings

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"carillon/adapters/driven/dialer"
	"carillon/adapters/driven/kafkaout"
	"carillon/adapters/driven/ses"
	"carillon/adapters/driven/sns"
	"carillon/adapters/kit/cloud"
	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/core/consent"
	"carillon/core/ledger"
)

// Production is the environment in which everyone is reachable.
const Production = "production"

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

	Ledger Ledger `embed:"" prefix:"ledger-"`
	Keep   Keep   `embed:""`
	Kafka  Kafka  `embed:"" prefix:"kafka-"`
	SNS    AWS    `embed:"" prefix:"sns-"`
	SES    AWS    `embed:"" prefix:"ses-"`
	Dialer Dialer `embed:"" prefix:"dialer-"`
	Hooks  Hooks  `embed:"" prefix:"hooks-"`
}

// Kafka reaches the brokers that letters and status entries go to.
type Kafka struct {
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

// AWS reaches SNS or SES. What is empty is left to the SDK: its environment, files and credentials chain.
type AWS struct {
	Region    string      `help:"AWS region; empty: the SDK's own setting."`
	Endpoint  string      `help:"URL of the service; empty: the SDK's own setting (AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL_SESV2) or AWS." placeholder:"URL"`
	AccessKey string      `help:"AWS access key id; empty: the SDK's chain of credentials."`
	SecretKey secret.Text `help:"AWS secret access key."`
	CAFile    string      `help:"PEM file of trusted certificates; empty: the system's." placeholder:"FILE"`
}

// Dialer reaches the vendor that calls are pushed to.
type Dialer struct {
	URL    string      `help:"Base URL of the dialer vendor; empty: no call is pushed." placeholder:"URL"`
	Key    secret.Text `help:"Bearer key for the vendor."`
	CAFile string      `help:"PEM file of trusted certificates; empty: the system's." placeholder:"FILE"`
}

// Hooks say whose notifications are believed.
type Hooks struct {
	EmailTopic      []string `help:"ARN of an SNS topic that SES events come under." placeholder:"ARN"`
	SMSStatusTopic  []string `help:"ARN of an SNS topic that SMS delivery status comes under." placeholder:"ARN"`
	SMSInboundTopic []string `help:"ARN of an SNS topic that replies come under." placeholder:"ARN"`
	TrustFile       string   `help:"PEM file of a certificate whose signatures are believed, for simulators; refused in production." placeholder:"FILE"`
	Version1        bool     `help:"Believe signatures of version 1 (SHA-1) too; better set the topics to version 2."`
	TrustEndpoint   string   `help:"Base URL at which subscriptions are confirmed, for simulators; refused in production." placeholder:"URL"`
}

// Ledger name the log over the ledger and the key that signs it.
type Ledger struct {
	Key    secret.Text `help:"Key that signs checkpoints of the ledger, as carillon ledger keygen prints it, or a file that holds one. Empty: with SQLite one is made beside the store; with PostgreSQL nothing is signed."`
	Origin string      `help:"Name of the log in its checkpoints; empty: the name of the key."`
}

// Validate reports everything that is wrong with the settings, joined.
func (s Settings) Validate() error {
	var wrong []error
	if s.Environment == Production && len(s.Allow) > 0 {
		wrong = append(wrong, errors.New("allow: production reaches everyone; an allow-list has no place there"))
	}
	if s.Environment == Production && (s.Hooks.TrustFile != "" || s.Hooks.TrustEndpoint != "") {
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

func (k Kafka) validate() error {
	if k.Intake != "" && k.IntakePrincipal == "" {
		return errors.New("kafka-intake: needs kafka-intake-principal, whose source and divisions hold for it")
	}
	if k.Events != "" && k.EventsPrincipal == "" {
		return errors.New("kafka-events: needs kafka-events-principal, whose source and divisions hold for it")
	}
	return nil
}

// OnPostgres reports whether the store is PostgreSQL.
func (s Settings) OnPostgres() bool {
	return strings.HasPrefix(s.Store, "postgres://") || strings.HasPrefix(s.Store, "postgresql://")
}

// AllowList is the environment's allow-list.
func (s Settings) AllowList() consent.Allow {
	return consent.Allow{Everyone: s.Environment == Production, Entries: s.Allow}
}

// SNS are the settings of its adapter.
func (a AWS) SNS() sns.Config { return sns.Config{Account: a.account()} }

// SES are the settings of its adapter.
func (a AWS) SES() ses.Config { return ses.Config{Account: a.account()} }

func (a AWS) account() cloud.Account {
	return cloud.Account{Region: a.Region, Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, CAFile: a.CAFile}
}

// Config are the settings of its adapter.
func (d Dialer) Config() dialer.Config {
	return dialer.Config{URL: d.URL, Key: d.Key, CAFile: d.CAFile}
}

// Config are the settings of the adapters that write.
func (k Kafka) Config() kafkaout.Config {
	return kafkaout.Config{Connection: k.Connection(), Letters: k.Letters, Manifests: k.Manifests, Status: k.Status}
}

// Connection is how the brokers are reached.
func (k Kafka) Connection() kafkaout.Connection {
	return kafkaout.Connection{
		Brokers: k.Brokers, Version: k.Version, TLS: k.TLS, CAFile: k.CAFile, CertFile: k.CertFile, KeyFile: k.KeyFile,
		SASL: k.SASL, User: k.User, Password: k.Password,
	}
}

// CertificateFiles are the settings that name files of certificates.
func (s Settings) CertificateFiles() map[string]string {
	return map[string]string{
		"kafka-ca-file": s.Kafka.CAFile, "kafka-cert-file": s.Kafka.CertFile, "sns-ca-file": s.SNS.CAFile,
		"ses-ca-file":    s.SES.CAFile,
		"dialer-ca-file": s.Dialer.CAFile, "hooks-trust-file": s.Hooks.TrustFile,
	}
}

// onLoopback reports whether an address can be reached from this machine only.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
