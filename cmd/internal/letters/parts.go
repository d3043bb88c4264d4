package letters

import (
	"context"
	"time"

	"carillon/channels/letter"
	"carillon/core/batch"
	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/dispatch"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
)

// Freezer is the letter channel's Freeze as LTRPRT asks for it.
type Freezer struct{}

// Freeze implements batch.Freezer.
func (Freezer) Freeze(
	r extract.Run,
	number int64,
	m message.Message,
	names []string,
	postal customer.Postal,
	now time.Time,
) (extract.Letter, error) {
	return letter.Freeze(r.Batch, r.Number, number, m, names, postal, now)
}

// Gate is dispatch's gate as LTRPRT asks for it.
type Gate struct {
	Facts   dispatch.GateFacts
	Configs batch.Configs
	Allow   consent.Allow
}

// Gate implements batch.Gate.
func (g Gate) Gate(ctx context.Context, now time.Time, taken []message.Taken) ([]consent.Verdict, error) {
	return dispatch.Gate(ctx, now, g.Facts, g.Configs.Current(), g.Allow, taken)
}

// NoPress stands where no brokers are set.
type NoPress struct{}

// Print implements letter.Press.
func (NoPress) Print(_ context.Context, letters []extract.Letter) []error {
	wrong := make([]error, len(letters))
	for i := range wrong {
		wrong[i] = fault.New(fault.Misconfigured, "no Kafka brokers are set")
	}
	return wrong
}

// Close implements letter.Press.
func (NoPress) Close(context.Context, extract.Manifest) error {
	return fault.New(fault.Misconfigured, "no Kafka brokers are set")
}

// Closed is the breaker of what cannot be reached.
type Closed struct{}

// Ready implements batch.Breaker.
func (Closed) Ready(now time.Time) (bool, time.Time) { return false, now.Add(time.Minute) }
