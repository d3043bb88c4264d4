package kafkaout

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/secret"
	"carillon/channels/letter"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/porttest"
)

func TestMain(m *testing.M) {
	// One goroutine of go-metrics, which sarama uses, lives as long as the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func TestPress(t *testing.T) {
	porttest.Press(t, func(t *testing.T, s porttest.PressSettings) (letter.Press, func(*testing.T) map[string][]string) {
		t.Helper()
		cfg := Config{MaxMessageBytes: s.MaxRecord}
		switch s.Behaviour {
		case porttest.IsUnreachable:
			cfg.Connection.Brokers = []string{unreachable(t)}
			return press(t, cfg, dial(t, cfg)), nil
		case porttest.IsSlow:
			cfg.Connection.Brokers = []string{"127.0.0.1:1"}
			slow := &fake{hold: make(chan struct{})}
			t.Cleanup(func() { close(slow.hold) })
			return press(t, cfg, slow.dial), nil
		case porttest.RefusesCredentials:
			cfg.Connection.SASL, cfg.Connection.User, cfg.Connection.Password = "PLAIN", "carillon", secret.New("wrong")
			c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "carillon", "right"))
			refuseCredentials(c)
			cfg.Connection.Brokers = c.ListenAddrs()
			return press(t, cfg, dial(t, cfg)), nil
		}
		cfg.Connection.Brokers = broker(t)
		return press(t, cfg, dial(t, cfg)), func(t *testing.T) map[string][]string {
			t.Helper()
			got := map[string][]string{}
			for _, r := range read(t, cfg.Connection.Brokers, "carillon.letters") {
				got[string(r.Key)] = append(got[string(r.Key)], string(r.Value))
			}
			return got
		}
	})
}

// broker starts an in-process Kafka of three brokers with our topics.
func broker(t *testing.T, options ...kfake.Opt) []string {
	t.Helper()
	return cluster(t, options...).ListenAddrs()
}

func cluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(options, kfake.NumBrokers(3),
		kfake.SeedTopics(6, "carillon.letters", "carillon.manifests", "carillon.status"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// refuseCredentials has the cluster say so, as Kafka does; kfake by itself only hangs up.
func refuseCredentials(c *kfake.Cluster) {
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = int16(sarama.ErrSASLAuthenticationFailed)
		resp.ErrorMessage = new("Authentication failed: Invalid username or password")
		return resp, nil, true
	})
}

func unreachable(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // closing it is the point
	return l.Addr().String()
}

func dial(t *testing.T, cfg Config) Dialer {
	t.Helper()
	d, err := Dial(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func guarded(t *testing.T) *guard.Guard {
	t.Helper()
	metrics, err := guard.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return guard.New(guard.Config{Adapter: "kafka", Route: "letters", Ops: Ops(), Timeout: 20 * time.Second}, metrics, time.Now)
}

func press(t *testing.T, cfg Config, d Dialer) *Press {
	t.Helper()
	p, err := New(cfg, d, guarded(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("stopping: %v", err)
		}
	})
	return p
}

// read reads a topic from its beginning to its end.
func read(t *testing.T, brokers []string, topic string) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	ends.Each(func(o kadm.ListedOffset) { want += int(o.Offset) })
	var records []*kgo.Record
	for len(records) < want {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("read %d of %d records", len(records), want)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func headers(r *kgo.Record) string {
	var b strings.Builder
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s=%s;", h.Key, h.Value)
	}
	return b.String()
}

var acceptance = time.Date(2026, 3, 2, 14, 0, 0, 123e6, time.UTC)

func testLetter() extract.Letter {
	return extract.Letter{
		Batch: extract.LTRPRT, Run: 7, Number: 1, Message: message.NewID(acceptance, [10]byte{1}), Key: "account:1", Record: `{"a":1}`,
	}
}

func TestRecords(t *testing.T) {
	cfg := Config{Connection: Connection{Brokers: broker(t)}, Source: "/utility/east"}
	p := press(t, cfg, dial(t, cfg))
	l := testLetter()
	if errs := p.Print(t.Context(), []extract.Letter{l}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	m := extract.Manifest{Batch: extract.LTRPRT, Run: 7, ClosedAt: "2026-03-02T14:05:00.5Z", Letters: 1, SHA256: "00"}
	if err := p.Close(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	s, err := NewStatus(cfg, dial(t, cfg), guarded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	moved := ledger.Entry{At: acceptance, Kind: ledger.MessageMoved, Contact: 42, Message: l.Message, Place: message.AtSent}.Canonical()
	closed := ledger.Entry{At: acceptance, Kind: ledger.RunClosed, Run: 7}.Canonical()
	if err := s.Publish(t.Context(), []ledger.Leaf{{Number: 8, Body: moved}, {Number: 9, Body: closed}}); err != nil {
		t.Fatal(err)
	}
	id := l.Message.String()
	for _, c := range []struct{ topic, key, value, headers string }{
		{"carillon.letters", "account:1", l.Record, "ce_specversion=1.0;ce_id=" + id + ";ce_type=carillon.letter.v1;" +
			"ce_source=/utility/east;ce_time=2026-03-02T14:00:00.123Z;ce_subject=LTRPRT-7;content-type=application/json;"},
		{"carillon.manifests", "LTRPRT/7", `{"batch":"LTRPRT","run":7,"businessDate":"","openedAt":"","closedAt":"2026-03-02T14:05:00.5Z",` +
			`"letters":1,"sha256":"00"}`, "ce_specversion=1.0;ce_id=LTRPRT/7;ce_type=carillon.manifest.v1;ce_source=/utility/east;" +
			"ce_time=2026-03-02T14:05:00.5Z;content-type=application/json;"},
		{"carillon.status", "0000000042", moved, "ce_specversion=1.0;ce_id=8;ce_type=carillon.message.moved.v1;ce_source=/utility/east;" +
			"ce_time=2026-03-02T14:00:00.123Z;ce_subject=" + id + ";content-type=application/json;"},
		{"carillon.status", "run.closed", closed, "ce_specversion=1.0;ce_id=9;ce_type=carillon.run.closed.v1;ce_source=/utility/east;" +
			"ce_time=2026-03-02T14:00:00.123Z;content-type=application/json;"},
	} {
		found := false
		for _, r := range read(t, cfg.Connection.Brokers, c.topic) {
			if string(r.Key) == c.key {
				found = true
				if string(r.Value) != c.value || headers(r) != c.headers {
					t.Errorf("%s: %s\n%s\nwant\n%s\n%s", c.topic, r.Value, headers(r), c.value, c.headers)
				}
			}
		}
		if !found {
			t.Errorf("%s: no record with the key %s", c.topic, c.key)
		}
	}
}

func TestStatusKeepsOrder(t *testing.T) {
	cfg := Config{Connection: Connection{Brokers: broker(t)}}
	s, err := NewStatus(cfg, dial(t, cfg), guarded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	var leaves []ledger.Leaf
	for n := range 100 {
		leaves = append(leaves, ledger.Leaf{Number: int64(n), Body: fmt.Sprintf(`{"kind":"message.moved","contact":"%010d"}`, n%7)})
	}
	if err := s.Publish(t.Context(), leaves); err != nil {
		t.Fatal(err)
	}
	last := map[string]int{}
	for _, r := range read(t, cfg.Connection.Brokers, "carillon.status") {
		var n int
		for _, h := range r.Headers {
			if h.Key == "ce_id" {
				fmt.Sscan(string(h.Value), &n)
			}
		}
		if before, seen := last[string(r.Key)]; seen && before >= n {
			t.Errorf("%s: %d after %d", r.Key, n, before)
		}
		last[string(r.Key)] = n
	}
}

func TestStartsWhileKafkaIsDown(t *testing.T) {
	address := unreachable(t)
	cfg := Config{Connection: Connection{Brokers: []string{address}}}
	p := press(t, cfg, dial(t, cfg))
	if errs := p.Print(t.Context(), []extract.Letter{testLetter()}); !fault.Is(errs[0], fault.Unavailable) {
		t.Fatalf("fault %v", errs[0])
	}
	var port int
	fmt.Sscan(address[strings.LastIndex(address, ":")+1:], &port)
	c, err := kfake.NewCluster(kfake.Ports(port), kfake.NumBrokers(1), kfake.SeedTopics(1, "carillon.letters"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if errs := p.Print(t.Context(), []extract.Letter{testLetter()}); errs[0] != nil {
		t.Error(errs[0])
	}
}

func TestIsMisconfiguredWithoutATopic(t *testing.T) {
	cfg := Config{Connection: Connection{Brokers: broker(t)}, Letters: "nowhere"}
	errs := press(t, cfg, dial(t, cfg)).Print(t.Context(), []extract.Letter{testLetter()})
	if !fault.Is(errs[0], fault.Misconfigured) || fault.CodeOf(errs[0]) != "UNKNOWN_TOPIC_OR_PARTITION" {
		t.Errorf("fault %v", errs[0])
	}
}

func TestMechanisms(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			cfg := Config{Connection: Connection{SASL: mechanism, User: "carillon", Password: secret.New("right")}}
			cfg.Connection.Brokers = broker(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "carillon", "right"))
			if errs := press(t, cfg, dial(t, cfg)).Print(t.Context(), []extract.Letter{testLetter()}); errs[0] != nil {
				t.Error(errs[0])
			}
		})
	}
}

func TestHangingUpWhileConnectingIsUnavailable(t *testing.T) {
	cfg := Config{Connection: Connection{SASL: "PLAIN", User: "carillon", Password: secret.New("wrong")}}
	cfg.Connection.Brokers = broker(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "carillon", "right"))
	if errs := press(t, cfg, dial(t, cfg)).Print(t.Context(), []extract.Letter{testLetter()}); !fault.Is(errs[0], fault.Unavailable) {
		t.Error(errs[0])
	}
}
