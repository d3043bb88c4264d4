package kafka_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"carillon/adapters/simulators/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStart(t *testing.T) {
	t.Parallel()
	b, err := kafka.Start(kafka.Config{Topics: []string{"one", "two"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	addr := b.Addrs()[0]
	if !strings.HasPrefix(addr, "127.0.0.1:") || strings.HasSuffix(addr, ":0") {
		t.Errorf("it listens at %s", addr)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(t.Context())
	if err != nil || len(topics["one"].Partitions) != 6 || len(topics["two"].Partitions) != 6 {
		t.Errorf("the topics are %v, %v", topics, err)
	}
	if _, err := kafka.Start(kafka.Config{Addr: addr}); err == nil {
		t.Error("a second broker took the address")
	}
	b.Close()
	again, err := kafka.Start(kafka.Config{Addr: addr})
	if err != nil {
		t.Fatalf("starting again at %s: %v", addr, err)
	}
	again.Close()
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	if _, err := kafka.Start(kafka.Config{Addr: "0.0.0.0:9092"}); !errors.Is(err, kafka.ErrNotLoopback) {
		t.Errorf("all interfaces: %v", err)
	}
	for _, addr := range []string{"nothing", "127.0.0.1:many", "127.0.0.1:70000"} {
		if _, err := kafka.Start(kafka.Config{Addr: addr}); err == nil {
			t.Errorf("%s was taken", addr)
		}
	}
}
