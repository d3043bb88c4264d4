package ticker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"carillon/core/message"
)

// TestEmergenciesGoFirst: a lane waits while an emergency lane has something due, until that has made its exchange, and
// not for ever.
func TestEmergenciesGoFirst(t *testing.T) {
	t.Parallel()
	emergency, bulk := message.NewLane(1, message.Emergency), message.NewLane(2, message.Bulk)
	synctest.Test(t, func(t *testing.T) {
		var p precedence
		waited := func(id message.Lane) time.Duration {
			began := time.Now()
			p.yield(context.Background(), id)
			return time.Since(began)
		}
		if w := waited(bulk); w != 0 {
			t.Errorf("nobody hurries, and bulk waited %s", w)
		}
		p.hurry(bulk)
		if w := waited(bulk); w != 0 {
			t.Errorf("bulk hurried, and made itself wait %s", w)
		}
		p.hurry(emergency)
		p.hurry(emergency)
		if w := waited(emergency); w != 0 {
			t.Errorf("an emergency waited %s for another", w)
		}
		if w := waited(bulk); w != yieldFor {
			t.Errorf("the emergency never ends, and bulk waited %s", w)
		}
		go func() {
			time.Sleep(5 * time.Millisecond)
			p.done(emergency)
		}()
		if w := waited(bulk); w != 5*time.Millisecond {
			t.Errorf("the emergency took 5 ms, and bulk waited %s", w)
		}
		p.done(emergency)
		p.done(bulk)
		if w := waited(bulk); w != 0 {
			t.Errorf("the emergency is over, and bulk waited %s", w)
		}
	})
}
