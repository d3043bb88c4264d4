package guard

import (
	"errors"
	"fmt"
	"time"
)

// OtherOp is the op label of a call whose op is not in [Config.Ops].
const OtherOp = "other"

// Config says how one route of one adapter is guarded. A zero value means the default.
type Config struct {
	// Adapter is the label of the adapter, such as "sns".
	Adapter string `env:"-"`
	// Route is the label of the provider account and sender the calls go through.
	Route string `env:"-"`
	// Ops names every call the adapter makes, so that their series exist before the first one.
	Ops []string `env:"-"`
	// Timeout is the deadline of one call, and how long an allowed probe may stay out. Default 10s.
	Timeout time.Duration `env:"TIMEOUT" desc:"deadline of one call"`
	// Slots is how many calls may be out at once. Default 16.
	Slots int `env:"SLOTS" desc:"calls that may be out at once"`
	// Patience is how long a call waits for a free slot before it is refused, never longer than its context
	// lives. Default 0: it is refused at once.
	Patience time.Duration `env:"PATIENCE" desc:"how long a call waits for a free slot; 0 refuses at once"`
	// TripAfter is how many failures in a row open the breaker. Default 5.
	TripAfter uint32 `env:"TRIP_AFTER" desc:"failures in a row that open the breaker"`
	// Rest is the first pause of an opened breaker. Default 5s.
	Rest time.Duration `env:"REST" desc:"first pause of an opened breaker"`
	// MaxRest is the longest pause; pauses double up to it. Default 5m.
	MaxRest time.Duration `env:"MAX_REST" desc:"longest pause; pauses double up to it"`
}

// The defaults of [Config].
const (
	defaultTimeout   = 10 * time.Second
	defaultSlots     = 16
	defaultTripAfter = 5
	defaultRest      = 5 * time.Second
	defaultMaxRest   = 5 * time.Minute
)

// WithDefaults returns c with every value that is not set replaced by its default; MaxRest is at least Rest.
func (c Config) WithDefaults() Config {
	c.Timeout = positiveOr(c.Timeout, defaultTimeout)
	c.Slots = positiveOr(c.Slots, defaultSlots)
	c.Patience = max(c.Patience, 0)
	c.TripAfter = positiveOr(c.TripAfter, defaultTripAfter)
	c.Rest = positiveOr(c.Rest, defaultRest)
	c.MaxRest = max(positiveOr(c.MaxRest, defaultMaxRest), c.Rest)
	return c
}

// Validate reports everything that is wrong with c, joined; zero values are fine, they have defaults.
func (c Config) Validate() error {
	var wrong []error
	refuse := func(is bool, reason string) {
		if is {
			wrong = append(wrong, fmt.Errorf("guard %q of %q: %s", c.Route, c.Adapter, reason))
		}
	}
	refuse(c.Adapter == "", "adapter is needed")
	refuse(c.Route == "", "route is needed")
	refuse(c.Timeout < 0, "timeout must not be negative")
	refuse(c.Slots < 0, "slots must not be negative")
	refuse(c.Patience < 0, "patience must not be negative")
	refuse(c.Rest < 0, "rest must not be negative")
	refuse(c.MaxRest < 0, "max rest must not be negative")
	refuse(c.MaxRest > 0 && c.MaxRest < positiveOr(c.Rest, defaultRest), "max rest must not be shorter than rest")
	seen := make(map[string]bool, len(c.Ops))
	for _, op := range c.Ops {
		refuse(op == "", "an op has no name")
		refuse(op == OtherOp, "an op must not be named \"other\"")
		refuse(seen[op], fmt.Sprintf("op %q is listed twice", op))
		seen[op] = true
	}
	return errors.Join(wrong...)
}

func positiveOr[N int | uint32 | time.Duration](n, fallback N) N {
	if n > 0 {
		return n
	}
	return fallback
}
