package ses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	static "github.com/aws/aws-sdk-go-v2/credentials"

	"carillon/adapters/kit/secret"
)

// Config is one account and sender of SES. What is empty is left to the SDK's own settings.
type Config struct {
	// Region is the AWS region.
	Region string `env:"REGION" desc:"AWS region; empty: the SDK's own setting"`
	// Endpoint replaces the address of SES.
	Endpoint string `env:"ENDPOINT" desc:"URL of SES; empty: the SDK's own setting (AWS_ENDPOINT_URL_SESV2) or AWS"`
	// CAFile holds certificates, in PEM, that are trusted instead of the system's.
	CAFile string `env:"CA_FILE" desc:"PEM file of trusted certificates; empty: the system's"`
	// AccessKey and SecretKey are static credentials; both or none.
	AccessKey string `env:"ACCESS_KEY" desc:"AWS access key id; empty: the SDK's chain of credentials"`
	// SecretKey belongs to AccessKey.
	SecretKey secret.Text `env:"SECRET_KEY" desc:"AWS secret access key"`
	// From is the sender where a route names none.
	From string `env:"FROM" desc:"sender of routes that name none, as Utility <notices@example.com>"`
	// ReplyTo is where answers go where a route names nothing.
	ReplyTo string `env:"REPLY_TO" desc:"address for answers of routes that name none"`
	// ConfigurationSet gives the events of a mail their way back where a route names none.
	ConfigurationSet string `env:"CONFIGURATION_SET" desc:"configuration set of routes that name none"`
	// Connections are the connections kept open. Default 64.
	Connections int `env:"CONNECTIONS" desc:"connections kept open"`
}

const defaultConnections = 64

func (c Config) withDefaults() Config {
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	return c
}

// Validate reports everything that is wrong with c, joined.
func (c Config) Validate() error {
	var wrong []error
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, errors.New("ses: "+reason))
		}
	}
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the endpoint is not an http or https URL")
	}
	refuse(c.AccessKey == "" != c.SecretKey.Empty(), "access key and secret key are given together or not at all")
	for name, value := range map[string]string{"from": c.From, "reply-to": c.ReplyTo} {
		_, err := address(value)
		refuse(value != "" && err != nil, "the "+name+" is not a mail address")
	}
	refuse(c.Connections < 0, "connections must not be negative")
	return errors.Join(wrong...)
}

// address is the form of a mailbox that SES takes: a name that is not ASCII is encoded.
func address(mailbox string) (string, error) {
	a, err := mail.ParseAddress(mailbox)
	if err != nil {
		return "", errors.New("not a mail address") // the parser's text repeats the address
	}
	return a.String(), nil
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
