package kafkaout

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"time"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"

	"carillon/adapters/kit/secret"
	"carillon/core/fault"
)

// Connection says how a Kafka cluster is reached, for whoever writes to it or reads from it.
type Connection struct {
	// Brokers are the addresses to begin with.
	Brokers []string `env:"BROKERS" desc:"Kafka brokers to begin with, as host:port,host:port"`
	// Version is the oldest version among the brokers. Default 2.8.0.
	Version string `env:"VERSION" desc:"oldest version among the brokers, from 0.11 to 4.x"`
	// ClientID is shown to the brokers. Default carillon.
	ClientID string `env:"CLIENT_ID" desc:"name shown to the brokers"`
	// TLS turns encryption on.
	TLS bool `env:"TLS" desc:"speak TLS"`
	// CAFile holds certificates, in PEM, that are trusted instead of the system's.
	CAFile string `env:"CA_FILE" desc:"PEM file of trusted certificates; empty: the system's"`
	// CertFile and KeyFile are the client's own certificate; both or none.
	CertFile string `env:"CERT_FILE" desc:"PEM file of the client's certificate"`
	// KeyFile belongs to CertFile.
	KeyFile string `env:"KEY_FILE" desc:"PEM file of the key of the client's certificate"`
	// SASL is the mechanism, empty for none.
	SASL string `env:"SASL" desc:"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: none"`
	// User of SASL.
	User string `env:"USER" desc:"user of SASL"`
	// Password of SASL.
	Password secret.Text `env:"PASSWORD" desc:"password of SASL"`
}

// Validate reports everything that is wrong with c, joined.
func (c Connection) Validate() error {
	var wrong []error
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New("kafka: "+reason))
		}
	}
	refuse(len(c.Brokers) == 0, "brokers are needed")
	for _, b := range c.Brokers {
		_, _, err := net.SplitHostPort(b)
		refuse(err != nil, "a broker is not host:port")
	}
	version, err := c.version()
	refuse(err != nil, "the version is not one of Kafka")
	refuse(err == nil && !version.IsAtLeast(sarama.V0_11_0_0), "the version is older than 0.11, which has no idempotence")
	refuse(c.CertFile == "" != (c.KeyFile == ""), "certificate and key are given together or not at all")
	refuse(!c.TLS && (c.CAFile != "" || c.CertFile != ""), "certificates are given and TLS is off")
	switch c.SASL {
	case "":
		refuse(c.User != "" || !c.Password.Empty(), "user or password is given and SASL is not")
	case sarama.SASLTypePlaintext, sarama.SASLTypeSCRAMSHA256, sarama.SASLTypeSCRAMSHA512:
		refuse(c.User == "" || c.Password.Empty(), "SASL needs a user and a password")
	default:
		refuse(true, "SASL is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	}
	return errors.Join(wrong...)
}

func (c Connection) version() (sarama.KafkaVersion, error) {
	if c.Version == "" {
		return sarama.V2_8_0_0, nil
	}
	return sarama.ParseKafkaVersion(c.Version)
}

// How long the network may take. They are below the deadline of a handover, so that its tries fit into it.
const (
	dialTimeout  = 3 * time.Second
	readTimeout  = 10 * time.Second
	metadataTime = 10 * time.Second
)

// Settings are the client's settings for the connection; it reads the certificate files. It fails as Misconfigured.
func (c Connection) Settings() (*sarama.Config, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := sarama.NewConfig()
	s.Version, _ = c.version() // Validate has tried it
	s.ClientID = "carillon"
	if c.ClientID != "" {
		s.ClientID = c.ClientID
	}
	s.Net.DialTimeout, s.Net.ReadTimeout, s.Net.WriteTimeout = dialTimeout, readTimeout, readTimeout
	s.Metadata.Full = false
	s.Metadata.AllowAutoTopicCreation = false
	s.Metadata.Retry.Max = 2
	s.Metadata.Timeout = metadataTime
	if c.TLS {
		t, err := c.encryption()
		if err != nil {
			return nil, err
		}
		s.Net.TLS.Enable, s.Net.TLS.Config = true, t
	}
	if c.SASL != "" {
		s.Net.SASL.Enable, s.Net.SASL.Mechanism = true, sarama.SASLMechanism(c.SASL)
		s.Net.SASL.User, s.Net.SASL.Password = c.User, c.Password.Reveal()
		hash := scram.SHA256
		if c.SASL == sarama.SASLTypeSCRAMSHA512 {
			hash = scram.SHA512
		}
		s.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: hash} }
	}
	if err := s.Validate(); err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "kafka: the client refuses its settings", err)
	}
	return s, nil
}

func (c Connection) encryption() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fault.Wrap(fault.Misconfigured, "kafka: reading the trusted certificates", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Misconfigured, "kafka: the file of trusted certificates holds none")
		}
	}
	if c.CertFile != "" {
		own, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fault.Wrap(fault.Misconfigured, "kafka: reading the client's certificate", err)
		}
		t.Certificates = []tls.Certificate{own}
	}
	return t, nil
}
