package hooks

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"carillon/core/fault"
)

// Fetching is how certificates of SNS are fetched.
type Fetching struct {
	Client *http.Client
	// Roots are the authorities to trust; those of the system when nil.
	Roots *x509.CertPool
	Clock func() time.Time
}

// Bounds of what is fetched.
const (
	maxCertificate  = 64 << 10
	maxCertificates = 32               // in the cache; SNS has one or two per region
	failureRest     = 10 * time.Second // before a certificate that could not be had is asked for again
)

// Certificates returns a source that fetches certificates from SNS, checks that an authority vouches for them and that
// they are SNS's, and keeps them while they are good. Issuers that a certificate only names are fetched as well.
func Certificates(f Fetching) (CertificateSource, error) {
	if f.Client == nil || f.Clock == nil {
		return nil, errors.New("fetching certificates needs a client and a clock")
	}
	s := &certificates{f: f, known: map[string]entry{}}
	return s.get, nil
}

type certificates struct {
	f Fetching

	mu    sync.Mutex
	known map[string]entry
}

// entry is a certificate, or the failure to get one, until when it holds.
type entry struct {
	certificate *x509.Certificate
	err         error
	until       time.Time
}

func (s *certificates) get(ctx context.Context, address string) (*x509.Certificate, error) {
	now := s.f.Clock()
	s.mu.Lock()
	e, found := s.known[address]
	s.mu.Unlock()
	if found && now.Before(e.until) {
		return e.certificate, e.err
	}
	certificate, err := s.fetch(ctx, now, address)
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Unavailable, "fetching a certificate", ctx.Err())
	}
	e = entry{certificate: certificate, err: err, until: now.Add(failureRest)}
	if err == nil {
		e.until = certificate.NotAfter
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxCertificates {
		clear(s.known)
	}
	s.known[address] = e
	return certificate, err
}

func (s *certificates) fetch(ctx context.Context, now time.Time, address string) (*x509.Certificate, error) {
	text, err := s.read(ctx, address)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "fetching a certificate of SNS", err)
	}
	leaf, issuers, err := parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "reading a certificate of SNS", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.Wrap(fault.Forbidden, "the certificate is not from SNS", err)
	}
	return leaf, s.verify(ctx, now, leaf, issuers, u.Host)
}

// maxIssuers is how many issuers in a row are fetched.
const maxIssuers = 3

// verify checks the chain of a certificate, fetching issuers that it only names, and that it is SNS's.
func (s *certificates) verify(ctx context.Context, now time.Time, leaf *x509.Certificate, issuers []*x509.Certificate, host string) error {
	if leaf.VerifyHostname(host) != nil && leaf.VerifyHostname("sns.amazonaws.com") != nil {
		return fault.New(fault.Forbidden, "the certificate does not name SNS")
	}
	pool := x509.NewCertPool()
	for _, i := range issuers {
		pool.AddCert(i)
	}
	last := leaf
	for range maxIssuers {
		_, err := leaf.Verify(x509.VerifyOptions{
			Roots: s.f.Roots, Intermediates: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		var unknown x509.UnknownAuthorityError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &unknown):
			return fault.Wrap(fault.Forbidden, "the certificate is not to be trusted", err)
		}
		issuer, err := s.issuer(ctx, last)
		if err != nil {
			return err
		}
		pool.AddCert(issuer)
		last = issuer
	}
	return fault.New(fault.Forbidden, "no authority vouches for the certificate")
}

// issuerHost ends the hosts at which the authorities of Amazon keep their certificates. They are public and prove
// themselves by their signatures.
const issuerHost = ".amazontrust.com"

func (s *certificates) issuer(ctx context.Context, of *x509.Certificate) (*x509.Certificate, error) {
	for _, address := range of.IssuingCertificateURL {
		u, err := url.Parse(address)
		if err != nil || !strings.HasSuffix(u.Host, issuerHost) || u.User != nil {
			continue
		}
		text, err := s.read(ctx, address)
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, "fetching the issuer of a certificate of SNS", err)
		}
		if issuer, err := x509.ParseCertificate(text); err == nil {
			return issuer, nil
		}
	}
	return nil, fault.New(fault.Forbidden, "no authority vouches for the certificate")
}

func (s *certificates) read(ctx context.Context, address string) ([]byte, error) {
	return get(ctx, s.f.Client, address, maxCertificate)
}

// get reads a small answer.
func get(ctx context.Context, client *http.Client, address string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	straight := *client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := straight.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost with it
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, limit))
}

// Trusting returns a source that knows one certificate, given as PEM: that of a simulator, which nobody vouches for.
func Trusting(text []byte) (CertificateSource, error) {
	certificate, _, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate to trust: %w", err)
	}
	return func(context.Context, string) (*x509.Certificate, error) { return certificate, nil }, nil
}

// parse reads a certificate and those of its issuers that come with it.
func parse(text []byte) (leaf *x509.Certificate, issuers []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, nil, err
		case leaf == nil:
			leaf = c
		default:
			issuers = append(issuers, c)
		}
	}
	if leaf == nil {
		return nil, nil, errors.New("there is no CERTIFICATE in it")
	}
	return leaf, issuers, nil
}

// Confirming returns a confirmer that calls SubscribeURLs of SNS; with a base, as http://127.0.0.1:4100, only those
// under it: that is where a simulator stands.
func Confirming(client *http.Client, base string) (Confirmer, error) {
	if client == nil {
		return nil, errors.New("confirming subscriptions needs a client")
	}
	fit := ofSNS
	if base != "" {
		want, err := url.Parse(base)
		if err != nil || want.Host == "" {
			return nil, errors.New("the base of subscriptions is no URL")
		}
		fit = func(text string) bool {
			u, err := url.Parse(text)
			return err == nil && u.Scheme == want.Scheme && u.Host == want.Host && u.User == nil
		}
	}
	const enough = 64 << 10
	return func(ctx context.Context, address string) error {
		if !fit(address) {
			return fault.New(fault.Forbidden, "the subscription is not of SNS")
		}
		if _, err := get(ctx, client, address, enough); err != nil {
			return fault.Wrap(fault.Unavailable, "confirming a subscription", err)
		}
		return nil
	}, nil
}

// ofSNS reports whether a URL confirms a subscription at SNS.
func ofSNS(text string) bool {
	u, ok := plainHTTPS(text)
	return ok && matches(snsHost, u.Host) && (u.Path == "/" || u.Path == "") && u.Query().Get("Action") == "ConfirmSubscription"
}
