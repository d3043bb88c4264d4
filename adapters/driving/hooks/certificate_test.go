package hooks_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"carillon/adapters/driving/hooks"
	"carillon/core/fault"
)

// web answers by address.
type web struct {
	pages map[string][]byte
	asked []string
	fail  error
}

func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked = append(w.asked, r.URL.String())
	if w.fail != nil {
		return nil, w.fail
	}
	page, found := w.pages[r.URL.String()]
	status := http.StatusOK
	if !found {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(page))), Request: r}, nil
}

const issuerURL = "http://crt.r2m01.amazontrust.com/r2m01.cer"

// authority is a root, an intermediate and a certificate of SNS that names its issuer.
func authority(t *testing.T, leaf x509.Certificate) (root, middle, sns *pair) {
	t.Helper()
	ca := x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root = certify(t, ca, nil)
	ca.Subject.CommonName = "middle"
	middle = certify(t, ca, root)
	if leaf.DNSNames == nil {
		leaf.DNSNames = []string{"sns.amazonaws.com"}
	}
	return root, middle, certify(t, leaf, middle)
}

func source(t *testing.T, w *web, root *pair, clock func() time.Time) hooks.CertificateSource {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	s, err := hooks.Certificates(hooks.Fetching{Client: &http.Client{Transport: w}, Roots: pool, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCertificates(t *testing.T) {
	t.Run("are trusted with the chain that comes with them", func(t *testing.T) {
		root, middle, sns := authority(t, x509.Certificate{})
		w := &web{pages: map[string][]byte{certURL: append(sns.pem(), middle.pem()...)}}
		get := source(t, w, root, now)
		for range 3 {
			c, err := get(t.Context(), certURL)
			if err != nil || !c.Equal(sns.cert) {
				t.Fatal(err)
			}
		}
		if len(w.asked) != 1 {
			t.Errorf("asked %v", w.asked)
		}
	})
	t.Run("are trusted with an issuer that they name", func(t *testing.T) {
		root, middle, sns := authority(t, x509.Certificate{DNSNames: []string{"sns.us-east-1.amazonaws.com"}, IssuingCertificateURL: []string{"http://evil.example/x.cer", issuerURL}})
		w := &web{pages: map[string][]byte{certURL: sns.pem(), issuerURL: middle.cert.Raw}}
		if _, err := source(t, w, root, now)(t.Context(), certURL); err != nil {
			t.Fatal(err)
		}
		if len(w.asked) != 2 || w.asked[1] != issuerURL {
			t.Errorf("asked %v", w.asked)
		}
	})
	t.Run("are fetched again when they have run out", func(t *testing.T) {
		at := now()
		root, middle, sns := authority(t, x509.Certificate{})
		w := &web{pages: map[string][]byte{certURL: append(sns.pem(), middle.pem()...)}}
		get := source(t, w, root, func() time.Time { return at })
		if _, err := get(t.Context(), certURL); err != nil {
			t.Fatal(err)
		}
		at = sns.cert.NotAfter.Add(time.Second)
		if _, err := get(t.Context(), certURL); !fault.Is(err, fault.Forbidden) || len(w.asked) != 2 {
			t.Errorf("got %v, asked %v", err, w.asked)
		}
	})
}

func TestCertificatesThatAreNotTrusted(t *testing.T) {
	root, middle, _ := authority(t, x509.Certificate{})
	stranger := snsCertificate(t)
	elsewhere := certify(t, x509.Certificate{DNSNames: []string{"www.amazonaws.com"}}, middle)
	old := certify(t, x509.Certificate{DNSNames: []string{"sns.amazonaws.com"}, NotBefore: now().AddDate(-1, 0, 0), NotAfter: now().AddDate(0, 0, -1)}, middle)
	far := certify(t, x509.Certificate{DNSNames: []string{"sns.amazonaws.com"}, IssuingCertificateURL: []string{"http://amazontrust.com.evil.example/x.cer"}}, middle)
	lost := certify(t, x509.Certificate{DNSNames: []string{"sns.amazonaws.com"}, IssuingCertificateURL: []string{issuerURL}}, middle)
	for name, c := range map[string]struct {
		page []byte
		want fault.Kind
	}{
		"that nobody vouches for":       {stranger.pem(), fault.Forbidden},
		"that are of another":           {append(elsewhere.pem(), middle.pem()...), fault.Forbidden},
		"that have run out":             {append(old.pem(), middle.pem()...), fault.Forbidden},
		"whose issuer stands elsewhere": {far.pem(), fault.Forbidden},
		"whose issuer could not be had": {lost.pem(), fault.Unavailable},
		"that are none":                 {[]byte("<html>"), fault.Unavailable},
		"that are not there":            {nil, fault.Unavailable},
	} {
		w := &web{pages: map[string][]byte{certURL: c.page}}
		if c.page == nil {
			delete(w.pages, certURL)
		}
		at := now()
		get := source(t, w, root, func() time.Time { return at })
		if _, err := get(t.Context(), certURL); fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		before := len(w.asked)
		if _, err := get(t.Context(), certURL); fault.KindOf(err) != c.want || len(w.asked) != before {
			t.Errorf("%s: asks again at once: %v", name, w.asked)
		}
		at = at.Add(time.Minute)
		_, _ = get(t.Context(), certURL)
		if len(w.asked) == before {
			t.Errorf("%s: never asks again", name)
		}
	}
	t.Run("a caller that gives up leaves nothing behind", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := &web{fail: errors.New("gone")}
		get := source(t, w, root, now)
		if _, err := get(ctx, certURL); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		before := len(w.asked)
		if _, _ = get(t.Context(), certURL); len(w.asked) == before {
			t.Error("remembers a failure that was the caller's")
		}
	})
	if _, err := hooks.Certificates(hooks.Fetching{}); err == nil {
		t.Error("fetches without a client")
	}
}

func TestTrusting(t *testing.T) {
	p := snsCertificate(t)
	get, err := hooks.Trusting(p.pem())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := get(t.Context(), certURL); err != nil || !c.Equal(p.cert) {
		t.Error(err)
	}
	if _, err := hooks.Trusting([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")); err == nil {
		t.Error("trusts nothing in particular")
	}
}

func TestConfirming(t *testing.T) {
	var asked []string
	simulator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		switch r.URL.Query().Get("Token") {
		case "bad":
			w.WriteHeader(http.StatusBadRequest)
		case "moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	}))
	defer simulator.Close()
	confirm, err := hooks.Confirming(simulator.Client(), simulator.URL)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]fault.Kind{
		simulator.URL + "/?Action=ConfirmSubscription&Token=bad":          fault.Unavailable,
		simulator.URL + "/?Action=ConfirmSubscription&Token=moved":        fault.Unavailable,
		"http://127.0.0.1:1/?Action=ConfirmSubscription":                  fault.Forbidden,
		"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription": fault.Forbidden,
		"://": fault.Forbidden,
	} {
		if err := confirm(t.Context(), address); fault.KindOf(err) != want {
			t.Errorf("%s gives %v", address, err)
		}
	}
	if err := confirm(t.Context(), simulator.URL+"/?Action=ConfirmSubscription&Token=good"); err != nil {
		t.Error(err)
	}
	if len(asked) != 3 {
		t.Errorf("asked %v", asked)
	}
	t.Run("goes to SNS only", func(t *testing.T) {
		var hosts []string
		client := &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("<ok/>")), Request: r}, nil
		})}
		confirm, err := hooks.Confirming(client, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := confirm(t.Context(), "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"); err != nil {
			t.Error(err)
		}
		for _, address := range []string{
			"http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription", "https://sns.us-east-1.amazonaws.com/?Action=DeleteTopic",
			"https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription", "https://evil.example/?Action=ConfirmSubscription",
			"https://sns.us-east-1.amazonaws.com/x?Action=ConfirmSubscription", "https://169.254.169.254/?Action=ConfirmSubscription",
		} {
			if err := confirm(t.Context(), address); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s gives %v", address, err)
			}
		}
		if len(hosts) != 1 {
			t.Errorf("asked %v", hosts)
		}
	})
	if _, err := hooks.Confirming(nil, ""); err == nil {
		t.Error("confirms without a client")
	}
	if _, err := hooks.Confirming(http.DefaultClient, "here"); err == nil {
		t.Error("takes a base that is no URL")
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
