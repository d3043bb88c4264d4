package pace

import (
	"sync"
	"time"
)

// Beat is how often a gateway tells the others that it lives. All gateways of a fleet beat alike.
const Beat = 2 * time.Second

const (
	// tooOld is the age at which a gateway's own last beat is no good any more: the others may have forgotten it, and it
	// may have missed a newcomer. A newcomer waits as long before it paces, so that by then everybody who still paces
	// has counted it.
	tooOld = 2 * Beat
	// silent is how long a gateway is counted that is not heard of any more. It is longer than tooOld: who is forgotten
	// has stopped by itself before.
	silent = 3 * Beat
)

// Member is a gateway as a beat brings it.
type Member struct {
	Name   string
	SeenAt time.Time // by its own clock: that it changes is what counts
}

// Fleet is what one gateway knows of the others, and so its share of what they divide. At no time do the shares of
// those that pace add up to more than the whole: a newcomer waits until everybody has counted it, and who has not been
// heard of stops before it is no longer counted. Clocks of different machines are never compared. It is safe for use
// by many goroutines; time is passed in.
type Fleet struct {
	me string

	mu     sync.Mutex
	beaten time.Time // when the last beat that went well began
	from   time.Time // when this gateway may pace
	n      int       // who live, this one too
	heard  map[string]sighting
}

// sighting is a member's last word and when it was first read, by our clock.
type sighting struct {
	said time.Time
	at   time.Time
}

// NewFleet is the fleet as the gateway of the name knows it before its first beat: it paces nothing.
func NewFleet(me string) *Fleet { return &Fleet{me: me, heard: map[string]sighting{}} }

// Heard takes what a beat brought: it was written after began, and all were read after that, before now. It returns
// who has not been heard of for three beats, to be forgotten if nothing of them has changed.
func (f *Fleet) Heard(began, now time.Time, all []Member) []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var gone []Member
	n, heard := 1, make(map[string]sighting, len(all))
	for _, m := range all {
		if m.Name == f.me {
			continue
		}
		n++
		s, known := f.heard[m.Name]
		if !known || !s.said.Equal(m.SeenAt) {
			s = sighting{said: m.SeenAt, at: now}
		}
		heard[m.Name] = s
		if now.Sub(s.at) >= silent {
			gone = append(gone, m)
		}
	}
	if f.beaten.IsZero() || began.Sub(f.beaten) > tooOld { // a newcomer, or one that may have been forgotten
		f.from = now
		if n > 1 {
			f.from = now.Add(tooOld)
		}
	}
	f.beaten, f.n, f.heard = began, n, heard
	return gone
}

// Share is by how many the whole is divided; when not ok, this gateway has no share, and until says when to ask again.
func (f *Fleet) Share(now time.Time) (n int, ok bool, until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.beaten.IsZero() || now.Sub(f.beaten) > tooOld:
		return 0, false, now.Add(Beat)
	case now.Before(f.from):
		return 0, false, f.from
	}
	return f.n, true, time.Time{}
}

// First reports whether this gateway is the first of those that live: the one that does what two had better not do at
// once. There may be two for a moment, or none: it saves work, and makes nothing exclusive.
func (f *Fleet) First(now time.Time) bool {
	if _, ok, _ := f.Share(now); !ok {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.heard {
		if name < f.me {
			return false
		}
	}
	return true
}

// Size is how many gateways live, as of the last beat.
func (f *Fleet) Size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.n, 1)
}
