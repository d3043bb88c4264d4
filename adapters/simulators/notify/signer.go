// Package notify delivers notifications as SNS does: signed, at least once, with the same MessageId when repeated.
package notify

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"time"
)

// Signer signs envelopes with an RSA key of its own (SignatureVersion 2, SHA256withRSA).
type Signer struct {
	key  *rsa.PrivateKey
	cert []byte
	url  string
}

// NewSigner makes a key and a self-signed certificate for the host sns.<region>.amazonaws.com. With a key file it
// loads both from there, or writes them there when the file does not exist.
func NewSigner(keyFile string, bits int, region string, now time.Time) (*Signer, error) {
	if keyFile != "" {
		text, err := os.ReadFile(keyFile)
		if err == nil {
			return load(text, region)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the key file: %w", err)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	host := "sns." + region + ".amazonaws.com"
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: host, Organization: []string{"Carillon simulators"}},
		DNSNames:     []string{host},
		NotBefore:    now.Add(-24 * time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	if keyFile != "" {
		if err := save(keyFile, key, der); err != nil {
			return nil, err
		}
	}
	return newSigner(key, der, region), nil
}

func newSigner(key *rsa.PrivateKey, der []byte, region string) *Signer {
	sum := sha256.Sum256(der)
	return &Signer{
		key:  key,
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		url: "https://sns." + region + ".amazonaws.com/SimpleNotificationService-" +
			hex.EncodeToString(sum[:16]) + ".pem",
	}
}

func load(text []byte, region string) (*Signer, error) {
	var key *rsa.PrivateKey
	var der []byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PRIVATE KEY":
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("reading the key: %w", err)
			}
			isRSA := false
			if key, isRSA = parsed.(*rsa.PrivateKey); !isRSA {
				return nil, errors.New("reading the key: not an RSA key")
			}
		case "CERTIFICATE":
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				return nil, fmt.Errorf("reading the certificate: %w", err)
			}
			der = block.Bytes
		}
	}
	if key == nil || der == nil {
		return nil, errors.New("reading the key file: it holds no PRIVATE KEY and CERTIFICATE")
	}
	return newSigner(key, der, region), nil
}

func save(keyFile string, key *rsa.PrivateKey, der []byte) error {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("writing the key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(keyFile, text, 0o600); err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	return nil
}

// CertificatePEM returns the certificate that the signatures verify with.
func (s *Signer) CertificatePEM() []byte {
	return append([]byte(nil), s.cert...)
}

// CertificateURL is the SigningCertURL of the envelopes. Nothing answers there: the certificate is handed out by the
// control listener.
func (s *Signer) CertificateURL() string { return s.url }

// Envelope is a notification as SNS posts it; its fields are those of the wire.
type Envelope struct {
	Type             string
	MessageID        string `json:"MessageId"`
	Token            string `json:",omitempty"`
	TopicArn         string
	Subject          string `json:",omitempty"`
	Message          string
	SubscribeURL     string `json:",omitempty"`
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	UnsubscribeURL   string `json:",omitempty"`
}

// TextToSign is the name and value lines that the signature covers.
func (e Envelope) TextToSign() string {
	var text strings.Builder
	line := func(name, value string) {
		text.WriteString(name + "\n" + value + "\n")
	}
	line("Message", e.Message)
	line("MessageId", e.MessageID)
	if e.Type == TypeNotification {
		if e.Subject != "" {
			line("Subject", e.Subject)
		}
	} else {
		line("SubscribeURL", e.SubscribeURL)
	}
	line("Timestamp", e.Timestamp)
	if e.Type != TypeNotification {
		line("Token", e.Token)
	}
	line("TopicArn", e.TopicArn)
	line("Type", e.Type)
	return text.String()
}

// The types of an envelope.
const (
	TypeNotification = "Notification"
	TypeConfirmation = "SubscriptionConfirmation"
)

// Sign returns the envelope with its signature.
func (s *Signer) Sign(e Envelope) (Envelope, error) {
	e.SignatureVersion = "2"
	e.SigningCertURL = s.url
	sum := sha256.Sum256([]byte(e.TextToSign()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return Envelope{}, fmt.Errorf("signing a notification: %w", err)
	}
	e.Signature = base64.StdEncoding.EncodeToString(signature)
	return e, nil
}
