package kafkaout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"carillon/core/fault"
)

func TestClassify(t *testing.T) {
	codes := map[fault.Kind][]sarama.KError{
		fault.Refused:       {10, 18, 87},
		fault.Throttled:     {89},
		fault.Ambiguous:     {-1, 7, 13, 20},
		fault.Misconfigured: {3, 17, 21, 29, 31, 32, 33, 34, 35, 40, 43, 44, 54, 58, 76},
		fault.Unavailable:   {2, 5, 6, 8, 9, 14, 15, 16, 19, 41, 45, 47, 49, 56, 57, 59, 74, 75, 80, 83, 90},
		fault.Unknown:       {12345},
	}
	for kind, list := range codes {
		for _, code := range list {
			t.Run(fmt.Sprintf("%d is %v", code, kind), func(t *testing.T) {
				err := classify(sarama.Wrap(sarama.ErrOutOfBrokers, fmt.Errorf("connecting: %w", code)))
				if fault.KindOf(err) != kind {
					t.Errorf("fault %v", err)
				}
				if wrapped := classify(sarama.Wrap(code, errors.New("it says"))); code <= lastCode && fault.KindOf(wrapped) != kind {
					t.Errorf("as a sentinel: %v", wrapped)
				}
				if name := fault.CodeOf(err); kind != fault.Unknown && (name != strings.ToUpper(name) || len(name) < 5) {
					t.Errorf("code %q", name)
				}
			})
		}
	}
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{sarama.ConfigurationError("Attempt to produce message larger than configured Producer.MaxMessageBytes: 2 > 1"), fault.Refused},
		{sarama.ConfigurationError("something else"), fault.Misconfigured},
		{sarama.PacketEncodingError{}, fault.Refused},
		{&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, fault.Misconfigured},
		{sarama.ErrOutOfBrokers, fault.Unavailable},
		{sarama.ErrNotConnected, fault.Unavailable},
		{sarama.ErrClosedClient, fault.Unavailable},
		{sarama.ErrShuttingDown, fault.Unavailable},
		{sarama.ErrBrokerNotFound, fault.Unavailable},
		{sarama.ErrProducerRetryBufferOverflow, fault.Unavailable},
		{errors.New("circuit breaker is open"), fault.Unavailable},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Unavailable},
		{&net.DNSError{}, fault.Unavailable},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, fault.Ambiguous},
		{io.EOF, fault.Ambiguous},
		{sarama.ErrIncompleteResponse, fault.Ambiguous},
		{sarama.PacketDecodingError{}, fault.Ambiguous},
		{context.Canceled, fault.Cancelled},
	} {
		t.Run(fmt.Sprintf("%T %v is %v", c.err, c.err, c.want), func(t *testing.T) {
			if err := classify(c.err); !fault.Is(err, c.want) {
				t.Errorf("fault %v", err)
			}
		})
	}
	for _, err := range []error{sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch, sarama.KError(90), sarama.ErrClosedClient} {
		if !endsSession(err) {
			t.Errorf("%v does not end the session", err)
		}
	}
	if endsSession(sarama.ErrNotLeaderForPartition) {
		t.Error("a moved leader ends the session")
	}
}

func TestValidate(t *testing.T) {
	if err := config().Validate(); err != nil {
		t.Errorf("brokers alone: %v", err)
	}
	err := Config{
		Connection: Connection{Brokers: []string{"nowhere"}, Version: "zero", CertFile: "a", SASL: "GSSAPI"},
		Letters:    "a b", MaxMessageBytes: -1, Retries: -1, Compression: "rar",
	}.Validate()
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 9 {
		t.Errorf("%d faults; want 9: %v", n, err)
	}
	for _, c := range []Connection{
		{}, {Brokers: []string{"a:1"}, Version: "0.10.0.0"}, {Brokers: []string{"a:1"}, User: "u"}, {Brokers: []string{"a:1"}, SASL: "PLAIN"},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
	for _, version := range []string{"2.8.0", "3.9.0", "4.1.0"} {
		if s, err := (Connection{Brokers: []string{"a:1"}, Version: version}).Settings(); err != nil || s.Version.String() != version {
			t.Errorf("%s: %v", version, err)
		}
	}
}
