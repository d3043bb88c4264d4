package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Dice is the chance of one simulator. It has two kinds: a roll depends on the seed and on how many rolls went
// before; a fate depends on the seed and on what it is the fate of, so that a rerun of the same morning ends the
// same however its calls interleave.
type Dice struct {
	seed   uint64
	name   string
	start  int64
	number atomic.Uint64

	mu   sync.Mutex
	rand *rand.Rand
}

// NewDice returns the dice of a simulator. The start makes the ids of one run differ from those of another.
func NewDice(seed uint64, name string, start time.Time) *Dice {
	return &Dice{
		seed: seed, name: name, start: start.UnixNano(),
		rand: rand.New(rand.NewPCG(seed, hash(name))), //nolint:gosec // dice that fall again as they fell
	}
}

// Chance rolls and reports true at the given rate.
func (d *Dice) Chance(rate float64) bool {
	if rate <= 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Float64() < rate
}

// Within rolls a wait from the span.
func (d *Dice) Within(span Span) time.Duration {
	if span.Max <= span.Min {
		return span.Min
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return span.Min + time.Duration(d.rand.Int64N(int64(span.Max-span.Min)+1))
}

// Fate is a number in [0, 1) that belongs to the parts.
func (d *Dice) Fate(parts ...string) float64 {
	x := hash(append([]string{d.name}, parts...)...) ^ (d.seed * 0x9e3779b97f4a7c15)
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

// ID returns a new id, shaped as a UUID.
func (d *Dice) ID() string {
	var raw [24]byte
	binary.BigEndian.PutUint64(raw[0:], d.seed)
	binary.BigEndian.PutUint64(raw[8:], uint64(d.start)) //nolint:gosec // bits of an id
	binary.BigEndian.PutUint64(raw[16:], d.number.Add(1))
	return UUID(d.name, string(raw[:]))
}

// UUID is the id that belongs to the parts, shaped as a UUID.
func UUID(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	sum := h.Sum(nil)
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part)) // a hash never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
