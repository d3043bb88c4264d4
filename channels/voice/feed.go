package voice

import (
	"time"

	"carillon/core/customer"
)

// Feed is a call as the feed contract writes it (contracts: POST /v1/feeds/calls/lease, and the push body).
type Feed struct {
	Call        string           `json:"call"` // the message's id; results and extensions name it
	Number      customer.Address `json:"number"`
	Script      string           `json:"script"`
	Language    string           `json:"language,omitempty"`
	Data        map[string]any   `json:"data,omitempty"`
	Window      FeedWindow       `json:"window"`
	ExpiresAt   time.Time        `json:"expiresAt,omitzero"`
	Attempts    FeedAttempts     `json:"attempts"`
	LeasedUntil time.Time        `json:"leasedUntil,omitzero"` // missing where nothing is leased
}

// FeedWindow is when the call may be dialled at the called party.
type FeedWindow struct {
	Opens  time.Time `json:"opens,omitzero"`
	Closes time.Time `json:"closes,omitzero"`
}

// FeedAttempts are the rules of attempt the vendor keeps.
type FeedAttempts struct {
	Max          int   `json:"max"`
	PauseSeconds int64 `json:"pauseSeconds"`
}

// FeedOf is the entry of a call; leasedUntil is zero where the call is pushed. Times are in UTC, to the second.
func FeedOf(c Call, leasedUntil time.Time) Feed {
	return Feed{
		Call: c.ID.String(), Number: c.Number, Script: c.Script, Language: c.Language, Data: c.Data,
		Window:    FeedWindow{Opens: second(c.NotBefore), Closes: second(c.NotAfter)},
		ExpiresAt: second(c.ExpiresAt), LeasedUntil: second(leasedUntil),
		Attempts: FeedAttempts{Max: c.Attempts.Max, PauseSeconds: int64(c.Attempts.Pause / time.Second)},
	}
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
