package kafkain_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"carillon/adapters/driving/kafkain"
	"carillon/core/fault"
	"carillon/core/message"
)

// The meters of sarama share one goroutine that never ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// inbox keeps reports once and fails as often as it is told.
type inbox struct {
	mu    sync.Mutex
	fails int
	seen  map[string]int
	got   chan string
}

func (i *inbox) Receive(_ context.Context, _ time.Time, reports []message.Report) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fails > 0 {
		i.fails--
		return fault.New(fault.Unavailable, "not now")
	}
	for _, r := range reports {
		i.seen[r.Key]++
		i.got <- r.Key
	}
	return nil
}

func TestConsumer(t *testing.T) {
	const topic = "letter-status"
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, value := range []string{
		`{"id":"a","letter":"01a1fbc5-7da8-7f97-8f55-75b6b442f8da","status":"accepted"}`,
		`poison`,
		`{"id":"run","batch":"LTRPRT","run":1,"status":"accepted"}`,
		`{"id":"b","letter":"01a1fbc5-7da8-7f97-8f55-75b6b442f8da","status":"mailed"}`,
	} {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Key: []byte("k"), Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	in := &inbox{fails: 2, seen: map[string]int{}, got: make(chan string, 10)}
	registry := prometheus.NewRegistry()
	metrics, err := kafkain.NewMetrics(registry, topic)
	if err != nil {
		t.Fatal(err)
	}
	settings := sarama.NewConfig()
	settings.Version = sarama.V2_8_0_0
	c, err := kafkain.New(kafkain.Config{
		Brokers: cluster.ListenAddrs(), Group: "g", Topic: topic, Client: settings, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	}, in, metrics)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan struct{})
	go func() { c.Run(ctx); close(ended) }()
	for range 2 {
		select {
		case <-in.got:
		case <-ctx.Done():
			t.Fatal("the reports did not come")
		}
	}
	stop()
	<-ended
	if in.seen["a"] != 1 || in.seen["b"] != 1 || len(in.seen) != 2 {
		t.Errorf("the inbox got %v", in.seen)
	}
}
