package dispatch

import (
	"context"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/message"
)

// GateFacts is what the gate reads.
type GateFacts interface {
	GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error)
}

// Gate asks for each message whether it may be called now, reading the facts of all of them at once.
func Gate(ctx context.Context, now time.Time, facts GateFacts, cfg *config.Snapshot, allow consent.Allow, taken []message.Taken) ([]consent.Verdict, error) {
	messages := make([]message.Message, len(taken))
	for i, t := range taken {
		messages[i] = t.Current()
	}
	read, err := facts.GateFacts(ctx, messages)
	if err != nil {
		return nil, err
	}
	verdicts := make([]consent.Verdict, len(taken))
	known := make(atlas)
	for i, m := range messages {
		verdicts[i] = consent.Gate(now, m, read[i], known.rules(cfg, allow, m))
	}
	return verdicts, nil
}

// Rules are what the configuration says about one message: its division's window and the recipient's zones.
func Rules(cfg *config.Snapshot, allow consent.Allow, m message.Message) consent.Rules {
	return make(atlas).rules(cfg, allow, m)
}

// DialWindow is from when until when a message that is handed over now may reach its recipient; an emergency always may,
// and closes is zero.
func DialWindow(now time.Time, cfg *config.Snapshot, allow consent.Allow, m message.Message) (opens, closes time.Time) {
	if m.Urgency == message.Emergency {
		return now, time.Time{}
	}
	r := Rules(cfg, allow, m)
	return now, r.Window.Shuts(now, r.Zones)
}

// atlas keeps the zones of a batch: reading one takes longer than the rest of the gate.
type atlas map[string]*time.Location

func (a atlas) rules(cfg *config.Snapshot, allow consent.Allow, m message.Message) consent.Rules {
	return consent.Rules{Window: cfg.Window(m.Division, m.Channel), Zones: a.zones(cfg, m), Allow: allow}
}

// zones are the recipient's; the division's when none of them is known.
func (a atlas) zones(cfg *config.Snapshot, m message.Message) []*time.Location {
	var out []*time.Location
	for _, name := range m.Recipient.Zones {
		z, known := a[name]
		if !known {
			z, _ = time.LoadLocation(name) // nil when it is none
			a[name] = z
		}
		if z != nil {
			out = append(out, z)
		}
	}
	if len(out) == 0 {
		out = append(out, cfg.Zone(m.Division))
	}
	return out
}
