package kafkain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/kafkain"
	"carillon/core/access"
	"carillon/core/fault"
)

const contactsTopic = "contacts"

// desk takes contacts in once per key, as the store does, and fails as often as it is told. It is the answers' taker too.
type desk struct {
	mu       sync.Mutex
	fails    int // of Take
	loses    int // of Answer: nothing was handed over
	crashes  int // of Answer: the process is gone before the offset is committed
	crash    func()
	unknown  bool
	down     int               // of who posts
	taken    map[string]string // key → contact
	sizes    []int
	answered map[string][]string // ce_id → what was answered, again and again
	dead     map[string]kafkain.Answer
	got      chan string
}

func newDesk() *desk {
	return &desk{taken: map[string]string{}, answered: map[string][]string{}, dead: map[string]kafkain.Answer{}, got: make(chan string, 10_000)}
}

func (d *desk) who(context.Context) (access.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down > 0 {
		d.down--
		return access.Principal{}, fault.New(fault.Unavailable, "the store is away")
	}
	if d.unknown {
		return access.Principal{}, fault.New(fault.NotFound, "no such principal")
	}
	return access.Principal{Name: "cis", Source: "cis"}, nil
}

func (d *desk) Take(_ context.Context, p access.Principal, lines []intake.Line) ([]intake.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.Name != "cis" {
		return nil, fault.New(fault.Forbidden, "nobody")
	}
	if d.fails > 0 {
		d.fails--
		return nil, fault.New(fault.Unavailable, "not now")
	}
	d.sizes = append(d.sizes, len(lines))
	out := make([]intake.Result, len(lines))
	for i, l := range lines {
		if !json.Valid(l.Body) {
			out[i].Status = http.StatusBadRequest
			continue
		}
		if l.Key == "wordy" {
			out[i].Body = make([]byte, 1_000_000)
			continue
		}
		if d.taken[l.Key] == "" {
			d.taken[l.Key] = fmt.Sprint("contact-", len(d.taken)+1)
		}
		out[i].Body = []byte(d.taken[l.Key])
	}
	return out, nil
}

func (d *desk) Answer(_ context.Context, answers []kafkain.Answer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loses > 0 {
		d.loses--
		return fault.New(fault.Unavailable, "no broker")
	}
	for _, a := range answers {
		if a.Dead {
			d.dead[a.ID] = a
		} else {
			d.answered[a.ID] = append(d.answered[a.ID], string(a.Body))
		}
		d.got <- a.ID
	}
	if d.crashes > 0 {
		d.crashes--
		d.crash()
		return fault.New(fault.Unavailable, "gone")
	}
	return nil
}

func posts(t *testing.T, brokers []string, records ...*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic(contactsTopic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func keyed(partition int32, key, body string) *kgo.Record {
	return &kgo.Record{Partition: partition, Key: []byte("account"), Value: []byte(body), Headers: []kgo.RecordHeader{{Key: "carillon-key", Value: []byte(key)}}}
}

// consume runs a consumer of the desk until stop is called.
func consume(t *testing.T, brokers []string, d *desk) (metrics *kafkain.Metrics, stop func()) {
	t.Helper()
	metrics, err := kafkain.NewMetrics(prometheus.NewRegistry(), contactsTopic)
	if err != nil {
		t.Fatal(err)
	}
	settings := sarama.NewConfig()
	settings.Version = sarama.V2_8_0_0
	c, err := kafkain.NewIntake(
		kafkain.Config{Brokers: brokers, Group: "g", Topic: contactsTopic, Client: settings, Clock: time.Now, Log: slog.New(slog.DiscardHandler)},
		kafkain.IntakeConfig{Who: d.who, MaxLine: 1000}, d, d, metrics)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { c.Run(ctx); close(ended) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-ended }) }
	t.Cleanup(stop)
	return metrics, stop
}

func (d *desk) wait(t *testing.T, answers int) {
	t.Helper()
	for range answers {
		select {
		case <-d.got:
		case <-time.After(40 * time.Second):
			t.Fatal("the answers did not come")
		}
	}
}

func contactsCluster(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, contactsTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func TestEveryContactIsAnswered(t *testing.T) {
	t.Parallel()
	brokers, d := contactsCluster(t), newDesk()
	d.down, d.fails, d.loses = 1, 1, 1 // the store is away, then does not take, then the broker is away: all wait, none is passed over
	event := &kgo.Record{Partition: 0, Value: []byte(`{"n":2}`), Headers: []kgo.RecordHeader{{Key: "ce_id", Value: []byte("7")}, {Key: "ce_source", Value: []byte("/cis")}}}
	posts(t, brokers,
		keyed(0, "k-1", `{"n":1}`), event, keyed(0, "k-1", `{"n":1}`), keyed(0, "k-2", `{not`), &kgo.Record{Partition: 0, Value: []byte(`{}`)},
		keyed(0, "k-3", `{"long":"`+string(slices.Repeat([]byte("x"), 1000))+`"}`), keyed(0, "k-4", ""), keyed(1, "k-5", `{"n":5}`), keyed(0, "wordy", `{}`))
	metrics, stop := consume(t, brokers, d)
	d.wait(t, 9)
	stop()
	for id, want := range map[string]string{"contacts/0/0": d.taken["k-1"], "contacts/0/1": d.taken["/cis#7"], "contacts/0/2": d.taken["k-1"], "contacts/1/0": d.taken["k-5"]} {
		if got := d.answered[id]; len(got) != 1 || got[0] != want || want == "" {
			t.Errorf("%s was answered %v, want %q", id, got, want)
		}
	}
	for id, reason := range map[string]string{"contacts/0/3": "no_json", "contacts/0/4": "no_key", "contacts/0/5": "too_long", "contacts/0/6": "no_json", "contacts/0/7": "too_long"} {
		a, there := d.dead[id]
		if !there || a.Headers["carillon-reason"] != reason || a.Headers["carillon-topic"] != contactsTopic || a.Headers["carillon-partition"] != "0" || "contacts/0/"+a.Headers["carillon-offset"] != id {
			t.Errorf("%s is dead as %+v", id, a)
		}
	}
	if len(d.answered)+len(d.dead) != 9 || len(d.taken) != 3 {
		t.Errorf("answered %v, dead %v", d.answered, d.dead)
	}
	if s := metrics.States(); len(s) != 1 || s[0].Topic != contactsTopic || s[0].Seen.IsZero() || s[0].Lag != 0 {
		t.Errorf("%+v", s)
	}
	// what was answered is committed
	posts(t, brokers, keyed(0, "k-9", `{}`))
	_, stop = consume(t, brokers, d)
	d.wait(t, 1)
	stop()
	if len(d.answered["contacts/0/8"]) != 1 || len(d.answered["contacts/0/0"]) != 1 {
		t.Errorf("answered %v", d.answered)
	}
}

func TestACrashBeforeTheCommitRepeatsTheSameAnswers(t *testing.T) {
	t.Parallel()
	brokers, d := contactsCluster(t), newDesk()
	for i := range 300 {
		posts(t, brokers, keyed(0, fmt.Sprint("k-", i), `{}`))
	}
	crashed := make(chan struct{})
	d.crashes, d.crash = 1, func() { close(crashed) }
	_, stop := consume(t, brokers, d)
	<-crashed
	stop() // nothing of what was just answered is committed
	d.mu.Lock()
	first := len(d.answered)
	d.mu.Unlock()
	for len(d.got) > 0 {
		<-d.got
	}
	_, stop = consume(t, brokers, d)
	d.wait(t, 300)
	stop()
	again := 0
	for id, bodies := range d.answered {
		if len(slices.Compact(slices.Clone(bodies))) != 1 {
			t.Errorf("%s was answered %v: a repeat is the same", id, bodies)
		}
		if len(bodies) > 1 {
			again++
		}
	}
	if first == 0 || again != first || len(d.answered) != 300 || len(d.taken) != 300 {
		t.Errorf("%d answered at first, %d again, %d in all, %d contacts", first, again, len(d.answered), len(d.taken))
	}
}

func TestARebalanceLosesNothing(t *testing.T) {
	t.Parallel()
	brokers, d := contactsCluster(t), newDesk() // one store and one result topic for all gateways
	const contacts = 200
	_, stopOne := consume(t, brokers, d)
	posted := make(chan struct{})
	go func() {
		defer close(posted)
		for i := range contacts {
			posts(t, brokers, keyed(int32(i%2), fmt.Sprint("k-", i), `{}`))
		}
	}()
	d.wait(t, 20)
	_, stopTwo := consume(t, brokers, d) // takes a partition over
	d.wait(t, 20)
	stopOne() // and now the other
	<-posted
	deadline := time.After(40 * time.Second)
	for n := 0; n < contacts; {
		select {
		case <-d.got:
		case <-deadline:
			t.Fatalf("%d of %d are answered", n, contacts)
		case <-time.After(50 * time.Millisecond):
		}
		d.mu.Lock()
		n = len(d.answered)
		d.mu.Unlock()
	}
	stopTwo()
	if len(d.taken) != contacts {
		t.Errorf("%d contacts of %d", len(d.taken), contacts)
	}
	for id, bodies := range d.answered {
		if len(slices.Compact(slices.Clone(bodies))) != 1 {
			t.Errorf("%s was answered %v: a repeat is the same", id, bodies)
		}
	}
}

func TestAllIsDeadWhileNobodyKnowsWhoPosts(t *testing.T) {
	t.Parallel()
	brokers, d := contactsCluster(t), newDesk()
	d.unknown = true
	posts(t, brokers, keyed(0, "k-1", `{}`))
	_, stop := consume(t, brokers, d)
	d.wait(t, 1)
	stop()
	if a := d.dead["contacts/0/0"]; a.Headers["carillon-reason"] != "unknown_principal" || string(a.Body) != "{}" || a.Key != "account" {
		t.Errorf("%+v", a)
	}
}
