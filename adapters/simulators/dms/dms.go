// Package dms is a double of a document management system that is fed by Kafka. It reads letters and manifests,
// checks that a run adds up, "prints" each letter once, and tells on the status topic what became of each.
//
// It reads its topics from their beginning and keeps no state of its own: what it said before a restart it reads on
// the status topic, and does not say again. A run adds up when as many letters came as its manifest says and the
// SHA-256 over their record values, each followed by a newline, in the order of their sequence (from 1), is the
// manifest's. A manifest that comes first waits for its letters as long as the DMS has patience.
package dms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/stage"
)

// Config is what the DMS reads and writes.
type Config struct {
	// Brokers are the addresses of the Kafka brokers.
	Brokers []string
	// Letters is the topic of the letter records; carillon.letters when empty.
	Letters string
	// Manifests is the topic of the manifests; carillon.manifests when empty.
	Manifests string
	// Statuses is the topic the DMS answers on; carillon.letter-status when empty.
	Statuses string
	// Patience is how long a manifest waits for its letters; 30 s when 0.
	Patience time.Duration
}

// WithDefaults fills what was left empty.
func (c Config) WithDefaults() Config {
	if c.Letters == "" {
		c.Letters = "carillon.letters"
	}
	if c.Manifests == "" {
		c.Manifests = "carillon.manifests"
	}
	if c.Statuses == "" {
		c.Statuses = "carillon.letter-status"
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	return c
}

// Simulator is the double of the DMS.
type Simulator struct {
	config Config
	stage  *stage.Stage
	client *kgo.Client
	cancel context.CancelFunc
	done   sync.WaitGroup
	said   *later.Memory[bool]    // ids of the statuses of an earlier life
	known  *later.Memory[verdict] // letters by id

	mu     sync.Mutex
	open   map[string]*run
	closed *later.Memory[*run]
}

// remembered bounds the letters and statuses that are known.
const remembered = 1_000_000

// Start reads what was said before and begins to consume; Close ends it.
func Start(ctx context.Context, c Config, s *stage.Stage) (*Simulator, error) {
	c = c.WithDefaults()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID("dms-simulator"),
		kgo.ConsumeTopics(c.Letters, c.Manifests), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(250*time.Millisecond), kgo.RecordDeliveryTimeout(30*time.Second),
	)
	if err != nil {
		return nil, fmt.Errorf("connecting the DMS to Kafka: %w", err)
	}
	sim := &Simulator{
		config: c, stage: s, client: client,
		said: later.NewMemory[bool](remembered), known: later.NewMemory[verdict](remembered),
		open: map[string]*run{}, closed: later.NewMemory[*run](10_000),
	}
	if err := sim.recall(ctx); err != nil {
		client.Close()
		return nil, err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	sim.cancel = cancel
	sim.done.Go(func() { sim.consume(life) })
	return sim, nil
}

// Close stops consuming, waits for the statuses on their way and disconnects.
func (s *Simulator) Close(ctx context.Context) error {
	s.cancel()
	s.done.Wait()
	err := s.client.Flush(ctx)
	s.client.Close()
	if err != nil {
		return fmt.Errorf("sending the last statuses: %w", err)
	}
	return nil
}

// State is the DMS as the control listener shows it.
type State struct {
	// Open lists the runs that are not accepted yet.
	Open []RunState `json:"open"`
}

// RunState is a run that is not accepted.
type RunState struct {
	// Batch is the batch code.
	Batch string `json:"batch"`
	// Run is the run number.
	Run int64 `json:"run"`
	// Letters is how many came.
	Letters int `json:"letters"`
	// Manifest says that a manifest came and waits for letters.
	Manifest bool `json:"manifest"`
}

// State returns the open runs.
func (s *Simulator) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{Open: []RunState{}}
	for _, r := range s.open {
		state.Open = append(state.Open, RunState{
			Batch: r.batch, Run: r.number, Letters: r.count, Manifest: r.manifest != nil,
		})
	}
	return state
}

// consume reads letters and manifests until the context ends.
func (s *Simulator) consume(ctx context.Context) {
	tick := min(max(s.config.Patience/4, 20*time.Millisecond), time.Second)
	for ctx.Err() == nil {
		if !s.awake(ctx, "") {
			return
		}
		poll, cancel := context.WithTimeout(ctx, tick)
		fetches := s.client.PollRecords(poll, 500)
		cancel()
		fetches.EachError(func(topic string, _ int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				s.stage.Log.Warn("topic not read", slog.String("simulator", s.stage.Name), slog.String("topic", topic), slog.Any("error", err))
			}
		})
		var heard []status
		for _, record := range fetches.Records() {
			if !s.awake(ctx, batchOf(record.Value)) {
				return
			}
			if record.Topic == s.config.Letters {
				heard = append(heard, s.letter(record)...)
			} else {
				s.manifest(record)
			}
		}
		s.tellLater(s.wait(), heard)
		s.settle()
	}
}

// awake waits while the DMS, or a batch, is told to be down or slow; it says false when the context ended.
func (s *Simulator) awake(ctx context.Context, batch string) bool {
	const nap = 20 * time.Millisecond
	rule := s.stage.Faults.For(batch)
	for rule.Down {
		if !stage.Sleep(ctx, nap) {
			return false
		}
		rule = s.stage.Faults.For(batch)
	}
	if batch == "" {
		return stage.Sleep(ctx, time.Duration(rule.DelayMillis)*time.Millisecond)
	}
	for !rule.Pass(s.stage.Clock(), 1) {
		if !stage.Sleep(ctx, nap) {
			return false
		}
		rule = s.stage.Faults.For(batch)
	}
	return ctx.Err() == nil
}

// recall reads the ids of the statuses of an earlier life.
func (s *Simulator) recall(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(s.client).ListEndOffsets(ctx, s.config.Statuses)
	if err != nil {
		return fmt.Errorf("asking for the end of %s: %w", s.config.Statuses, err)
	}
	starts, err := kadm.NewClient(s.client).ListStartOffsets(ctx, s.config.Statuses)
	if err != nil {
		return fmt.Errorf("asking for the start of %s: %w", s.config.Statuses, err)
	}
	return s.reread(ctx, starts, ends)
}

// reread reads the status topic between its offsets.
func (s *Simulator) reread(ctx context.Context, starts, ends kadm.ListedOffsets) error {
	from := map[int32]kgo.Offset{}
	ends.Each(func(end kadm.ListedOffset) {
		start, found := starts.Lookup(end.Topic, end.Partition)
		if end.Err == nil && found && start.Err == nil && start.Offset < end.Offset {
			from[end.Partition] = kgo.NewOffset().At(start.Offset)
		}
	})
	if len(from) == 0 {
		return nil
	}
	reader, err := kgo.NewClient(
		kgo.SeedBrokers(s.config.Brokers...), kgo.ClientID("dms-simulator-recall"),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{s.config.Statuses: from}),
	)
	if err != nil {
		return fmt.Errorf("connecting to read %s: %w", s.config.Statuses, err)
	}
	defer reader.Close()
	for len(from) > 0 {
		fetches := reader.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", s.config.Statuses, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			s.said.Put(statusID(r.Value), true)
			if end, found := ends.Lookup(r.Topic, r.Partition); found && r.Offset >= end.Offset-1 {
				delete(from, r.Partition)
			}
		})
	}
	return nil
}
