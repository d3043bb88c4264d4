package simulators_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
)

// press is Carillon's side of the letter feed.
type press struct {
	t      *testing.T
	client *kgo.Client
	told   []letterStatus
}

type letterStatus struct {
	ID, Letter, Batch, Status, Reason, At string
	Run                                   int64
	Letters                               *int
	key                                   string
}

func newPress(t *testing.T, r *simulators.Running) *press {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.URLs().Kafka...), kgo.ConsumeTopics("carillon.letter-status"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &press{t: t, client: client}
}

func (p *press) send(topic, key, value string) {
	p.t.Helper()
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	if err := p.client.ProduceSync(soon(p.t), record).FirstErr(); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for a status.
func (p *press) wait(what string, fits func(letterStatus) bool) letterStatus {
	p.t.Helper()
	ctx := soon(p.t)
	for seen := 0; ; {
		for ; seen < len(p.told); seen++ {
			if fits(p.told[seen]) {
				return p.told[seen]
			}
		}
		fetches := p.client.PollFetches(ctx)
		if ctx.Err() != nil {
			p.t.Fatalf("%s did not come; told: %+v", what, p.told)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			var s letterStatus
			if err := json.Unmarshal(r.Value, &s); err != nil {
				p.t.Errorf("reading a status: %v", err)
			}
			s.key = string(r.Key)
			p.told = append(p.told, s)
		})
	}
}

func letterOf(run, sequence int) string {
	return fmt.Sprintf(`{"id":"L%d-%d","batch":"LTRPRT","run":%d,"sequence":%d,"text":"Dear customer"}`,
		run, sequence, run, sequence)
}

func manifestOf(run int, letters ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(letters, ""), "\n")))
	return fmt.Sprintf(`{"batch":"LTRPRT","run":%d,"letters":%d,"sha256":%q}`, run, len(letters), hex.EncodeToString(sum[:]))
}

func of(run int64, status string) func(letterStatus) bool {
	return func(s letterStatus) bool { return s.Run == run && s.Status == status }
}

func about(letter, status string) func(letterStatus) bool {
	return func(s letterStatus) bool { return s.Letter == letter && s.Status == status }
}

func withDMS(patience time.Duration) simulators.Config {
	c := calm()
	c.ControlAddr, c.SNSAddr, c.SESAddr, c.DialerAddr = "127.0.0.1:0", "", "", ""
	c.KafkaAddr, c.RunDMS = "127.0.0.1:0", true
	c.DMS.Patience = patience
	return c
}

func TestDMS(t *testing.T) {
	t.Parallel()
	r := start(t, withDMS(time.Minute))
	p := newPress(t, r)
	letters := []string{letterOf(1, 1), letterOf(1, 2), letterOf(1, 3)}

	// the manifest comes first and the letters out of order, one of them twice
	p.send("carillon.manifests", "LTRPRT", manifestOf(1, letters...))
	for i, sequence := range []int{3, 1, 3, 2} {
		p.send("carillon.letters", fmt.Sprintf("account-%d", i), letters[sequence-1])
	}
	run := p.wait("the run's acceptance", of(1, "accepted"))
	if run.Batch != "LTRPRT" || run.Letters == nil || *run.Letters != 3 || run.ID == "" || run.At == "" {
		t.Errorf("the run is answered with %+v", run)
	}
	for i := range letters {
		id := fmt.Sprintf("L1-%d", i+1)
		for _, status := range []string{"accepted", "printed", "mailed"} {
			if s := p.wait(id+" "+status, about(id, status)); s.key != id || s.ID == "" {
				t.Errorf("the status is %+v", s)
			}
		}
	}
	repeat, err := r.Book("dms").Wait(soon(t), func(b *book.Record) bool { return b.Outcome == "repeat" })
	if err != nil || repeat.ID != "L1-3" || repeat.Reference != "LTRPRT/1/3" {
		t.Errorf("the repeat is recorded as %+v, %v", repeat, err)
	}
	printed := 0
	for _, s := range p.told {
		if s.Status == "printed" {
			printed++
		}
	}
	if printed != 3 {
		t.Errorf("%d letters were printed", printed)
	}

	t.Run("a rerun with the same bytes prints nothing again", func(t *testing.T) {
		p.send("carillon.letters", "account-1", letters[0])
		p.send("carillon.manifests", "LTRPRT", manifestOf(1, letters...))
		record, err := r.Book("dms").Wait(soon(t), func(b *book.Record) bool {
			return b.Op == "manifest" && b.Outcome == "repeat"
		})
		if err != nil || record.Reference != "LTRPRT/1" {
			t.Errorf("the repeated manifest is %+v, %v", record, err)
		}
	})
	t.Run("a run whose hash is wrong is rejected, and a right manifest mends it", func(t *testing.T) {
		p.send("carillon.letters", "a", letterOf(2, 1))
		p.send("carillon.manifests", "LTRPRT", manifestOf(2, letterOf(2, 1)+" "))
		if s := p.wait("the rejection", of(2, "rejected")); !strings.Contains(s.Reason, "sha256") {
			t.Errorf("the reason is %q", s.Reason)
		}
		p.send("carillon.manifests", "LTRPRT", manifestOf(2, letterOf(2, 1)))
		p.wait("the acceptance", of(2, "accepted"))
	})
	t.Run("more letters than the manifest says", func(t *testing.T) {
		p.send("carillon.letters", "a", letterOf(3, 1))
		p.send("carillon.letters", "a", letterOf(3, 2))
		p.wait("the second letter", about("L3-2", "accepted"))
		p.send("carillon.manifests", "LTRPRT", manifestOf(3, letterOf(3, 1)))
		if s := p.wait("the rejection", of(3, "rejected")); *s.Letters != 2 {
			t.Errorf("the rejection is %+v", s)
		}
	})
	t.Run("another letter under a known id", func(*testing.T) {
		p.send("carillon.letters", "a", strings.Replace(letters[0], "Dear", "Deer", 1))
		p.wait("the rejection", about("L1-1", "rejected"))
	})
}

func TestDMSFaults(t *testing.T) {
	t.Parallel()
	r := start(t, withDMS(50*time.Millisecond))
	p := newPress(t, r)
	t.Run("letters that never come", func(t *testing.T) {
		p.send("carillon.manifests", "LTRPRT", manifestOf(5, letterOf(5, 1)))
		if s := p.wait("the rejection", of(5, "rejected")); s.Reason != "0 letters came, the manifest says 1" {
			t.Errorf("the reason is %q", s.Reason)
		}
	})
	t.Run("refused and failing letters are rejected, not printed", func(t *testing.T) {
		fault(t, r, "dms?key=LTRPRT", `{"refuse":["account-9*"]}`)
		p.send("carillon.letters", "account-99", letterOf(6, 1))
		p.wait("the rejection", about("L6-1", "rejected"))
		fault(t, r, "dms?key=LTRPRT", `{"failReceipts":1,"reason":"no such street"}`)
		p.send("carillon.letters", "account-1", letterOf(6, 2))
		if s := p.wait("the rejection", about("L6-2", "rejected")); s.Reason != "no such street" {
			t.Errorf("the reason is %q", s.Reason)
		}
	})
	t.Run("a DMS that is down reads nothing and catches up", func(t *testing.T) {
		fault(t, r, "dms", `{"down":true}`)
		fault(t, r, "dms?key=LTRPRT", `{"down":true}`)
		p.send("carillon.letters", "account-1", letterOf(7, 1))
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
		defer cancel()
		_, err := r.Book("dms").Wait(ctx, func(b *book.Record) bool { return b.ID == "L7-1" })
		if err == nil {
			t.Error("it read a letter")
		}
		fault(t, r, "dms?key=LTRPRT", `{"noReceipts":1}`)
		fault(t, r, "dms", `{}`)
		_, err = r.Book("dms").Wait(soon(t), func(b *book.Record) bool { return b.Op == "status" && b.Outcome == "silent" })
		if err != nil {
			t.Error(err)
		}
	})
}

func TestDMSRestart(t *testing.T) {
	t.Parallel()
	c := withDMS(time.Minute)
	c.Kafka.DataDir = t.TempDir()
	first, err := simulators.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p := newPress(t, first)
	p.send("carillon.letters", "a", letterOf(1, 1))
	p.wait("the acceptance", about("L1-1", "accepted"))
	p.client.Close()
	if err := first.Close(soon(t)); err != nil {
		t.Fatalf("closing: %v", err)
	}

	second := start(t, c)
	p = newPress(t, second)
	p.send("carillon.manifests", "LTRPRT", manifestOf(1, letterOf(1, 1)))
	p.wait("the printing after the restart", about("L1-1", "printed"))
	_, err = second.Book("dms").Wait(soon(t), func(b *book.Record) bool { return b.ID == "L1-1" && b.Outcome == "replay" })
	if err != nil {
		t.Error(err)
	}
	accepted := 0
	for _, s := range p.told {
		if s.Letter == "L1-1" && s.Status == "accepted" {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("the letter was accepted %d times", accepted)
	}
}
