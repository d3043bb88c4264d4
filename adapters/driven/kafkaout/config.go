package kafkaout

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// Config is what is written to a Kafka cluster. A zero value means the default.
type Config struct {
	// Connection says how the cluster is reached.
	Connection Connection `embed:"" prefix:""`
	// Letters is the topic of the letter records. Default carillon.letters.
	Letters string `env:"LETTERS" desc:"topic of the letters"`
	// Manifests is the topic of the manifests. Default carillon.manifests.
	Manifests string `env:"MANIFESTS" desc:"topic of the manifests"`
	// Status is the topic of the ledger entries. Default carillon.status.
	Status string `env:"STATUS" desc:"topic of the ledger entries"`
	// Source is the ce_source of every record. Default /carillon.
	Source string `env:"SOURCE" desc:"CloudEvents source of the records, a URI reference"`
	// MaxMessageBytes is the longest record; the topics must allow as much. Default 1000000.
	MaxMessageBytes int `env:"MAX_MESSAGE_BYTES" desc:"longest record; the topics must allow as much"`
	// Compression of the batches. Default none.
	Compression string `env:"COMPRESSION" desc:"none, gzip, snappy, lz4 or zstd"`
	// Retries is how often the client tries again what a broker refuses for now; idempotence keeps it single and in
	// order. Default 5.
	Retries int `env:"RETRIES" desc:"tries of the client after the first, which stay single and in order"`
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value    *string
		fallback string
	}{
		{&c.Letters, "carillon.letters"},
		{&c.Manifests, "carillon.manifests"},
		{&c.Status, "carillon.status"},
		{&c.Source, "/carillon"},
		{&c.Compression, "none"},
	} {
		if *d.value == "" {
			*d.value = d.fallback
		}
	}
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = 1_000_000
	}
	if c.Retries == 0 {
		c.Retries = 5
	}
	return c
}

// Validate reports everything that is wrong with c, joined.
func (c Config) Validate() error {
	wrong := []error{c.Connection.Validate()}
	c = c.withDefaults()
	for name, topic := range map[string]string{"letters": c.Letters, "manifests": c.Manifests, "status": c.Status} {
		if !isTopic(topic) {
			wrong = append(wrong, fmt.Errorf("kafka: the topic of the %s is not a name of Kafka", name))
		}
	}
	if c.MaxMessageBytes < 0 {
		wrong = append(wrong, errors.New("kafka: max message bytes must not be negative"))
	}
	if c.Retries < 0 {
		wrong = append(wrong, errors.New("kafka: retries must not be negative"))
	}
	var codec sarama.CompressionCodec
	if err := codec.UnmarshalText([]byte(c.Compression)); err != nil {
		wrong = append(wrong, errors.New("kafka: compression is none, gzip, snappy, lz4 or zstd"))
	}
	return errors.Join(wrong...)
}

func isTopic(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= 249
}

// The pauses between the client's tries, and what bounds them.
const (
	connectTries = 3
	firstPause   = 100 * time.Millisecond
	longPause    = time.Second
	ackTimeout   = 5 * time.Second
)

// Dial returns what makes the real producer: idempotent, all in-sync replicas, one request at a time, partitions by
// the hash that Java clients use. It calls nobody; the certificates are read now. It fails as Misconfigured.
func Dial(cfg Config) (Dialer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s, err := cfg.Connection.Settings()
	if err != nil {
		return nil, err
	}
	s.Producer.Idempotent = true
	s.Producer.RequiredAcks = sarama.WaitForAll
	s.Producer.Timeout = ackTimeout
	s.Producer.Retry.Max = cfg.Retries
	s.Producer.Retry.BackoffFunc = sarama.NewExponentialBackoff(firstPause, longPause)
	s.Producer.Return.Successes, s.Producer.Return.Errors = true, true
	s.Producer.Partitioner = sarama.NewMurmur2Partitioner
	s.Producer.MaxMessageBytes = cfg.MaxMessageBytes
	_ = s.Producer.Compression.UnmarshalText([]byte(cfg.Compression)) // Validate has tried it
	s.Producer.Transaction.Retry.Max = connectTries                   // also of the request for a producer id
	s.Net.MaxOpenRequests = 1
	return func() (API, error) { return connect(cfg.Connection.Brokers, s) }, nil
}

// connected is a producer with the client it stands on; closing it closes both.
type connected struct {
	sarama.SyncProducer

	client sarama.Client
}

// Close ends producer and client.
func (c connected) Close() error { return errors.Join(c.SyncProducer.Close(), c.client.Close()) }

// connect makes the client itself, because sarama leaves it running when the producer on it cannot be made.
func connect(brokers []string, s *sarama.Config) (API, error) {
	client, err := sarama.NewClient(brokers, s)
	if err != nil {
		return nil, err
	}
	p, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return connected{SyncProducer: p, client: client}, nil
}
