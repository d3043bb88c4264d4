package kafkaout

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/IBM/sarama"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

// handover is one batch on its way: shared by the caller, who may leave, and the goroutine that sends.
type handover struct {
	records []*sarama.ProducerMessage

	mu    sync.Mutex
	errs  []error
	told  []bool          // the answer of the record is final
	out   []bool          // the record was given to the producer
	held  map[string]bool // keys of which a record was not taken
	ended error           // why the caller left
}

// newHandover also refuses what the producer would refuse for its size.
func newHandover(records []*sarama.ProducerMessage, limit int) *handover {
	h := &handover{
		records: records, errs: make([]error, len(records)), told: make([]bool, len(records)),
		out: make([]bool, len(records)), held: map[string]bool{},
	}
	for i, r := range records {
		if r.ByteSize(recordVersion) > limit {
			h.told[i] = true
			h.errs[i] = fault.Provider(fault.Refused, "MESSAGE_TOO_LARGE", "hand over", nil)
		}
	}
	return h
}

// recordVersion is Kafka's record format 2, the one with headers.
const recordVersion = 2

// begin returns the places of a wave that may be sent: none once the caller has left, and none of a key of which an
// earlier record was not taken.
func (h *handover) begin(wave []int) []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var at []int
	for _, i := range wave {
		switch {
		case h.told[i]:
		case h.ended != nil:
			h.tell(i, left(h.ended))
		case h.held[keyOf(h.records[i])]:
			h.tell(i, fault.New(fault.Unavailable, "hand over: it follows one that was not taken"))
		default:
			at = append(at, i)
		}
	}
	return at
}

// commit marks the places as given to the producer, unless the caller has left.
func (h *handover) commit(at []int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended != nil {
		return false
	}
	for _, i := range at {
		h.out[i] = true
	}
	return true
}

// end tells what became of the places.
func (h *handover) end(at []int, failed func(int) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range at {
		h.tell(i, failed(i))
	}
}

func (h *handover) tell(i int, err error) {
	if h.told[i] {
		return
	}
	h.told[i], h.errs[i] = true, err
	if err != nil && fault.KindOf(err) != fault.Refused { // what is refused comes never, so nothing waits for it
		h.held[keyOf(h.records[i])] = true
	}
}

// abandon is called when the caller leaves: what is out may be taken, what is not never will be.
func (h *handover) abandon(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = cause
	for i := range h.records {
		switch {
		case h.told[i]:
		case !h.out[i]:
			h.tell(i, left(cause))
		case errors.Is(cause, context.Canceled):
			h.tell(i, fault.Wrap(fault.Cancelled, "the handover was given up", cause))
		default:
			h.tell(i, fault.Wrap(fault.Ambiguous, "the handover has no answer", cause))
		}
	}
}

// survive turns a panic of the client into the fault of what has no answer yet; it runs in a goroutine of its own,
// where nobody else would catch it.
func (h *handover) survive() {
	v := recover()
	if v == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.records {
		h.tell(i, fault.Provider(fault.Unknown, guard.CodePanic, fmt.Sprintf("hand over: panic of type %T", v), nil))
	}
}

// answers is what became of each record. It does not change any more.
func (h *handover) answers() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.errs
}

func left(cause error) error { return waited(cause, "not handed over in time") }

// waited is the fault of what was not handed over because the context ended.
func waited(cause error, why string) error {
	if errors.Is(cause, context.Canceled) {
		return fault.Provider(fault.Cancelled, fault.CodeNotBegun, "hand over: "+why, cause)
	}
	return fault.Wrap(fault.Unavailable, "hand over: "+why, cause)
}
