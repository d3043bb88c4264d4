package sns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	static "github.com/aws/aws-sdk-go-v2/credentials"

	"carillon/adapters/kit/secret"
)

// The types of text.
const (
	Transactional = "Transactional" // the most reliable way
	Promotional   = "Promotional"   // the cheapest way
)

// Config is one account and sender of SNS. What is empty is left to the SDK's own settings or to SNS.
type Config struct {
	// Region is the AWS region.
	Region string `env:"REGION" desc:"AWS region; empty: the SDK's own setting"`
	// Endpoint replaces the address of SNS.
	Endpoint string `env:"ENDPOINT" desc:"URL of SNS; empty: the SDK's own setting (AWS_ENDPOINT_URL_SNS) or AWS"`
	// CAFile holds certificates, in PEM, that are trusted instead of the system's.
	CAFile string `env:"CA_FILE" desc:"PEM file of trusted certificates; empty: the system's"`
	// AccessKey and SecretKey are static credentials; both or none.
	AccessKey string `env:"ACCESS_KEY" desc:"AWS access key id; empty: the SDK's chain of credentials"`
	// SecretKey belongs to AccessKey.
	SecretKey secret.Text `env:"SECRET_KEY" desc:"AWS secret access key"`
	// SenderID is shown as the sender where a route names none.
	SenderID string `env:"SENDER_ID" desc:"sender id of routes that name none: 3 to 11 letters and digits, a letter among them"`
	// Number is the origination number where a route names none.
	Number string `env:"NUMBER" desc:"origination number of routes that name none: 5 to 14 digits"`
	// Type of the texts that are not urgent. Default Transactional.
	Type string `env:"TYPE" desc:"Transactional or Promotional, for texts that are not urgent"`
	// MaxPrice in USD that a text which is not urgent may cost.
	MaxPrice string `env:"MAX_PRICE" desc:"most that a text which is not urgent may cost, in USD; empty: no limit"`
	// Connections are the connections kept open. Default 64.
	Connections int `env:"CONNECTIONS" desc:"connections kept open"`
}

const defaultConnections = 64

func (c Config) withDefaults() Config {
	c.Type = first(c.Type, Transactional)
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	return c
}

const (
	wrongSender = "a sender id has 3 to 11 letters and digits, a letter among them"
	wrongNumber = "an origination number has 5 to 14 digits"
)

// Validate reports everything that is wrong with c, joined.
func (c Config) Validate() error {
	var wrong []error
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New("sns: "+reason))
		}
	}
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the endpoint is not an http or https URL")
	}
	refuse(c.AccessKey == "" != c.SecretKey.Empty(), "access key and secret key are given together or not at all")
	refuse(c.SenderID != "" && !senderID(c.SenderID), wrongSender)
	refuse(c.Number != "" && !origination(c.Number), wrongNumber)
	refuse(c.Type != "" && c.Type != Transactional && c.Type != Promotional, "the type is Transactional or Promotional")
	refuse(c.MaxPrice != "" && !isPrice(c.MaxPrice), "the most a text may cost is a number of USD above 0")
	refuse(c.Connections < 0, "connections must not be negative")
	return errors.Join(wrong...)
}

func isPrice(s string) bool {
	price, err := strconv.ParseFloat(s, 64)
	return err == nil && price > 0 && price < 1000
}

func senderID(s string) bool {
	letters, digits := 0, 0
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			letters++
		case r >= '0' && r <= '9':
			digits++
		default:
			return false
		}
	}
	return letters > 0 && letters+digits >= 3 && letters+digits <= 11
}

func origination(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= 5 && len(digits) <= 14 && strings.Trim(digits, "0123456789") == ""
}

// load reads the SDK's settings under those of cfg.
func load(ctx context.Context, cfg Config) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(httpClient(cfg.Connections))}
	if cfg.Region != "" {
		options = append(options, config.WithRegion(cfg.Region))
	}
	if cfg.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(cfg.Endpoint))
	}
	if cfg.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(
			static.NewStaticCredentialsProvider(cfg.AccessKey, cfg.SecretKey.Reveal(), "")))
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return aws.Config{}, fmt.Errorf("reading the trusted certificates: %w", err)
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(pem)))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

func transport(connections int) func(*http.Transport) {
	return func(t *http.Transport) {
		t.MaxIdleConnsPerHost, t.MaxIdleConns = connections, connections
		t.IdleConnTimeout = idleTimeout
		t.TLSHandshakeTimeout = connectTimeout
	}
}

func dialer(d *net.Dialer) { d.Timeout = connectTimeout }
