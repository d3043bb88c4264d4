package kafkaout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"carillon/core/extract"
	"carillon/core/fault"
)

// fake is a producer that fails the records whose value is in fails, once each, and waits for hold.
type fake struct {
	hold  chan struct{}
	fails map[string]error

	mu     sync.Mutex
	dials  int
	closed int
	sent   []string
}

func (f *fake) dial() (API, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	return f, nil
}

func (f *fake) SendMessages(records []*sarama.ProducerMessage) error {
	if f.hold != nil {
		<-f.hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var failed sarama.ProducerErrors
	for _, r := range records {
		value := string(r.Value.(sarama.StringEncoder))
		if err := f.fails[value]; err != nil {
			delete(f.fails, value)
			failed = append(failed, &sarama.ProducerError{Msg: r, Err: err})
			continue
		}
		f.sent = append(f.sent, value)
	}
	if failed != nil {
		return failed
	}
	return nil
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

func (f *fake) seen() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.sent)
}

func config() Config { return Config{Connection: Connection{Brokers: []string{"127.0.0.1:1"}}} }

// of makes letters out of words as "A1": the key A and the record A1.
func of(words ...string) []extract.Letter {
	letters := make([]extract.Letter, len(words))
	for i, w := range words {
		letters[i] = testLetter()
		letters[i].Key, letters[i].Record = w[:1], w
	}
	return letters
}

func kinds(errs []error) string {
	words := make([]string, len(errs))
	for i, err := range errs {
		words[i] = "ok"
		if err != nil {
			words[i] = fault.KindOf(err).String()
		}
	}
	return fmt.Sprint(words)
}

func TestProducer(t *testing.T) {
	t.Run("holds back what follows a letter that was not taken", func(t *testing.T) {
		f := &fake{fails: map[string]error{"A1": sarama.ErrNotEnoughReplicas}}
		p := press(t, config(), f.dial)
		if got := kinds(p.Print(t.Context(), of("A1", "B1", "A2", "B2", "A3"))); got != "[unavailable ok unavailable ok unavailable]" {
			t.Errorf("answers %s", got)
		}
		if got := f.seen(); got != "[B1 B2]" {
			t.Errorf("sent %s", got)
		}
	})
	t.Run("holds nothing back for a letter that is refused", func(t *testing.T) {
		f := &fake{fails: map[string]error{"A1": sarama.ErrMessageSizeTooLarge}}
		if got := kinds(press(t, config(), f.dial).Print(t.Context(), of("A1", "A2"))); got != "[refused ok]" {
			t.Errorf("answers %s", got)
		}
	})
	t.Run("makes a new producer when a session has ended", func(t *testing.T) {
		f := &fake{fails: map[string]error{"A1": sarama.ErrOutOfOrderSequenceNumber, "B1": sarama.ErrNotEnoughReplicas}}
		p := press(t, config(), f.dial)
		if got := kinds(p.Print(t.Context(), of("A1"))); got != "[unavailable]" {
			t.Errorf("answers %s", got)
		}
		if got := kinds(p.Print(t.Context(), of("A1", "B1"))); got != "[ok unavailable]" {
			t.Errorf("answers %s", got)
		}
		if got := kinds(p.Print(t.Context(), of("B1"))); got != "[ok]" || f.dials != 2 {
			t.Errorf("answers %s after %d dials", got, f.dials)
		}
	})
	t.Run("waits for a handover whose caller has left", func(t *testing.T) {
		f := &fake{hold: make(chan struct{})}
		p := press(t, config(), f.dial)
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if got := kinds(p.Print(short, of("A1", "A2", "B1"))); got != "[ambiguous unavailable ambiguous]" {
			t.Errorf("answers %s", got)
		}
		short, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if got := kinds(p.Print(short, of("A3"))); got != "[unavailable]" {
			t.Errorf("answers %s", got)
		}
		close(f.hold)
		if got := kinds(p.Print(t.Context(), of("A4"))); got != "[ok]" {
			t.Errorf("answers %s", got)
		}
		if got := f.seen(); got != "[A1 B1 A4]" {
			t.Errorf("sent %s", got)
		}
	})
	t.Run("gives up a producer that is stuck", func(t *testing.T) {
		f := &fake{hold: make(chan struct{})}
		p := press(t, config(), f.dial)
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		p.Print(short, of("A1"))
		stuck := p.producer.current(time.Now())
		if fresh := p.producer.current(time.Now().Add(stuckAfter + time.Second)); fresh == stuck {
			t.Error("the stuck link is used again")
		}
		close(f.hold)
	})
	t.Run("survives a panic of the client", func(t *testing.T) {
		p := press(t, config(), func() (API, error) { panic("boom") })
		if got := kinds(p.Print(t.Context(), of("A1"))); got != "[unknown]" {
			t.Errorf("answers %s", got)
		}
	})
	t.Run("tells every letter when it cannot connect", func(t *testing.T) {
		p := press(t, config(), func() (API, error) { return nil, sarama.Wrap(sarama.ErrOutOfBrokers, errors.New("refused")) })
		if got := kinds(p.Print(t.Context(), of("A1", "A2", "B1"))); got != "[unavailable unavailable unavailable]" {
			t.Errorf("answers %s", got)
		}
	})
}
