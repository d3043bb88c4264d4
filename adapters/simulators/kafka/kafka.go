// Package kafka is an in-process Kafka broker that speaks the real protocol (kfake).
package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Config is the broker.
type Config struct {
	// Addr is the address to listen on, on 127.0.0.1; a free port when empty or with port 0.
	Addr string
	// Topics are made at the start.
	Topics []string
	// Partitions is how many each topic has; 6 when 0.
	Partitions int
	// DataDir keeps the topics over a restart; they are in memory only when it is empty.
	DataDir string
	// SyncWrites writes each batch to the disk before it is answered.
	SyncWrites bool
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	once    sync.Once
}

// Start starts a broker; Close ends it.
func Start(c Config) (*Broker, error) {
	port, err := portOf(c.Addr)
	if err != nil {
		return nil, err
	}
	if c.Partitions == 0 {
		c.Partitions = 6
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(int32(c.Partitions), c.Topics...), //nolint:gosec // partitions are few
		kfake.DefaultNumPartitions(c.Partitions),
	}
	if c.DataDir != "" {
		opts = append(opts, kfake.DataDir(c.DataDir))
	}
	if c.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, fmt.Errorf("starting the broker: %w", err)
	}
	return &Broker{cluster: cluster}, nil
}

// ErrNotLoopback tells that the broker was to listen elsewhere than on 127.0.0.1.
var ErrNotLoopback = errors.New("kafka: the broker listens on 127.0.0.1 only")

func portOf(addr string) (int, error) {
	if addr == "" {
		return 0, nil
	}
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("reading the address of the broker: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("reading the port of the broker: %w", err)
	}
	if host != "" && host != "localhost" && host != "127.0.0.1" {
		return 0, ErrNotLoopback
	}
	return int(port), nil
}

// Addrs are the addresses to give to clients.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close ends the broker; it may be called more than once.
func (b *Broker) Close() { b.once.Do(b.cluster.Close) }
