package dialer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"carillon/adapters/kit/secret"
	"carillon/core/fault"
)

// Config is one account at a dialer vendor.
type Config struct {
	// URL is the vendor's base address.
	URL string `env:"URL" desc:"base URL of the dialer vendor"`
	// Key is shown as a bearer token.
	Key secret.Text `env:"KEY" desc:"bearer key for the dialer vendor"`
	// Campaign takes the calls of routes that name none, and is asked for its state.
	Campaign string `env:"CAMPAIGN" desc:"campaign of routes that name none"`
	// CallerID is shown to the called party where a route names none.
	CallerID string `env:"CALLER_ID" desc:"caller id of routes that name none"`
	// CAFile holds certificates, in PEM, that are trusted instead of the system's.
	CAFile string `env:"CA_FILE" desc:"PEM file of trusted certificates; empty: the system's"`
	// Connections are the connections kept open. Default 16.
	Connections int `env:"CONNECTIONS" desc:"connections kept open"`
}

const defaultConnections = 16

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
			wrong = append(wrong, errors.New("dialer: "+reason))
		}
	}
	u, err := url.Parse(c.URL)
	refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the URL is not an http or https URL")
	refuse(err == nil && (u.RawQuery != "" || u.Fragment != ""), "the URL has a query or a fragment")
	refuse(strings.ContainsAny(c.Key.Reveal(), " \t\r\n"), "the key has a space in it")
	refuse(c.Connections < 0, "connections must not be negative")
	return errors.Join(wrong...)
}

// How the connections are kept: the idle time is below that of common load balancers.
const (
	connectTimeout = 5 * time.Second
	idleTimeout    = 20 * time.Second
)

// Dial makes the HTTP client. It calls nobody, and it never follows a redirect: the key and the numbers go to the
// configured address only. It fails as Misconfigured.
func Dial(_ context.Context, cfg Config) (*http.Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	var roots *x509.CertPool
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fault.Wrap(fault.Misconfigured, "dialer: reading the trusted certificates", err)
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Misconfigured, "dialer: the file of trusted certificates holds none")
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: connectTimeout,
			IdleConnTimeout:     idleTimeout,
			MaxIdleConns:        cfg.Connections,
			MaxIdleConnsPerHost: cfg.Connections,
			ForceAttemptHTTP2:   true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
