package kafkain_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
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

const topic = "letter-status"

// cluster is an in-process Kafka with the values in its topic.
func cluster(t *testing.T, values ...string) (brokers []string, write func(values ...string)) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	write = func(values ...string) {
		for _, value := range values {
			if err := client.ProduceSync(t.Context(), &kgo.Record{Key: []byte("k"), Value: []byte(value)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(values...)
	return c.ListenAddrs(), write
}

// run runs a consumer until the inbox has as many reports, and returns what its metrics say then.
func run(t *testing.T, brokers []string, in kafkain.Inbox, got <-chan string, reports int) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics, err := kafkain.NewMetrics(registry, topic)
	if err != nil {
		t.Fatal(err)
	}
	settings := sarama.NewConfig()
	settings.Version = sarama.V2_8_0_0
	c, err := kafkain.New(kafkain.Config{
		Brokers: brokers, Group: "g", Topic: topic, Client: settings, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	}, in, metrics)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan struct{})
	go func() { c.Run(ctx); close(ended) }()
	for range reports {
		select {
		case <-got:
		case <-ctx.Done():
			t.Fatal("the reports did not come")
		}
	}
	time.Sleep(100 * time.Millisecond) // what should not come would come now
	stop()
	<-ended
	return registry
}

func letterStatus(id, status string) string {
	return `{"id":"` + id + `","letter":"01a1fbc5-7da8-7f97-8f55-75b6b442f8da","status":"` + status + `"}`
}

func TestConsumer(t *testing.T) {
	brokers, write := cluster(t, letterStatus("a", "accepted"), `poison`,
		`{"id":"run","batch":"LTRPRT","run":1,"status":"accepted"}`, letterStatus("b", "mailed"))
	in := &inbox{fails: 2, seen: map[string]int{}, got: make(chan string, 10)}
	registry := run(t, brokers, in, in.got, 2)
	if in.seen["a"] != 1 || in.seen["b"] != 1 || len(in.seen) != 2 {
		t.Errorf("the inbox got %v", in.seen)
	}
	want := `
# HELP carillon_intake_lag_records Records of the partitions read here that are not in the inbox yet.
# TYPE carillon_intake_lag_records gauge
carillon_intake_lag_records{topic="letter-status"} 0
# HELP carillon_intake_records_total Records read from Kafka, by what became of them.
# TYPE carillon_intake_records_total counter
carillon_intake_records_total{outcome="poison",topic="letter-status"} 1
carillon_intake_records_total{outcome="run",topic="letter-status"} 1
carillon_intake_records_total{outcome="taken",topic="letter-status"} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "carillon_intake_lag_records", "carillon_intake_records_total"); err != nil {
		t.Error(err)
	}
	write(letterStatus("c", "printed"))
	run(t, brokers, in, in.got, 1)
	if in.seen["a"] != 1 || in.seen["c"] != 1 || len(in.seen) != 3 {
		t.Errorf("after a restart the inbox got %v; what is committed is not read again", in.seen)
	}
}

// panics panics once and is an inbox afterwards.
type panics struct {
	*inbox

	once sync.Once
}

func (p *panics) Receive(ctx context.Context, now time.Time, reports []message.Report) error {
	p.once.Do(func() { panic("boom") })
	return p.inbox.Receive(ctx, now, reports)
}

func TestConsumerSurvivesAPanic(t *testing.T) {
	brokers, _ := cluster(t, letterStatus("a", "accepted"))
	in := &inbox{seen: map[string]int{}, got: make(chan string, 10)}
	run(t, brokers, &panics{inbox: in}, in.got, 1)
	if in.seen["a"] != 1 {
		t.Errorf("the inbox got %v", in.seen)
	}
}
