package dispatch

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// VendorWord is the sender word of a voice route that names its dialer vendor: the source of the vendor's key.
const VendorWord = "vendor"

// Bounds of a lease.
const (
	maxLeased  = 500
	minLease   = 10 * time.Second
	maxLease   = time.Hour
	redialWait = 5 * time.Minute // before a call that was handed back is offered again
	callTries  = 3               // attempts a vendor makes for one call, where the route says nothing else
	callPause  = 30 * time.Minute
)

// Leased is a call a vendor may dial now.
type Leased struct {
	Taken    message.Taken
	Opens    time.Time // the call window at the called party; Closes is zero when it never closes
	Closes   time.Time
	Attempts int           // tries in all
	Pause    time.Duration // between tries
}

// Extended says until when a call is leased, or why it is not.
type Extended struct {
	ID          message.ID
	LeasedUntil time.Time // zero when refused
	Reason      string
}

// Recalled is a call the vendor holds no longer: it must not be dialled.
type Recalled struct {
	ID     message.ID
	Reason string
}

// CallResult is what a vendor says about one call.
type CallResult struct {
	ID          message.ID
	Result      string // the vendor's own id of this result; results are idempotent by it
	Disposition string
	At          time.Time
	Attempts    int
	Seconds     int
}

// Recorded says what became of a result: recorded, duplicate, or unknown when the call is not the vendor's.
type Recorded struct {
	ID     message.ID
	Status string
}

// Inbox takes reports, durably.
type Inbox interface {
	Receive(ctx context.Context, now time.Time, reports []message.Report) error
}

// Feed is the pull side of voice: a vendor leases calls, and posts results. A lapsed lease goes back to the same
// vendor with the same call id; it is never handed to another, because a voice route names one vendor.
type Feed struct {
	Dispatch *Service
	Inbox    Inbox
}

// Lease hands the vendor calls that may be dialled now, most urgent first. Errors: Forbidden for a key without a
// feed.
func (f *Feed) Lease(ctx context.Context, now time.Time, p access.Principal, limit int, lease time.Duration) ([]Leased, error) {
	routes, err := f.routes(p)
	if err != nil {
		return nil, err
	}
	limit, lease = min(max(limit, 1), maxLeased), min(max(lease, minLease), maxLease)
	var out []Leased
	for _, u := range message.Urgencies() {
		for _, route := range routes {
			if len(out) >= limit {
				return out, nil
			}
			got, err := f.lane(ctx, now, p, route, message.NewLane(route.Number, u), limit-len(out), lease)
			if err != nil {
				return nil, err
			}
			out = append(out, got...)
		}
	}
	return out, nil
}

// lane leases calls of one lane and settles those the gate stops.
func (f *Feed) lane(ctx context.Context, now time.Time, p access.Principal, route config.Route, lane message.Lane, limit int, lease time.Duration) ([]Leased, error) {
	s := f.Dispatch
	verdicts, err := s.Store.Apply(ctx, store.Writes{Message: &store.MessageWrites{Claim: &store.Claim{
		Lane: lane, Now: now, Lease: now.Add(lease), Owner: owner(p), Reason: message.WaitLeased, Limit: limit,
	}}})
	if err != nil {
		return nil, err
	}
	taken := verdicts[0].Claimed
	if len(taken) == 0 {
		return nil, nil
	}
	gates, err := s.gate(ctx, now, taken)
	if err != nil {
		return nil, err // the leases lapse and come back to the same vendor
	}
	var out []Leased
	var stopped []Result
	way := &Way{Route: route.Code, Provider: provider(p), Dedupes: true, Batch: 1}
	for i, t := range taken {
		if !gates[i].Pass {
			stopped = append(stopped, Result{Taken: t, Way: way, Gate: &gates[i], At: now})
			continue
		}
		out = append(out, leased(s.Configs.Current(), s.Allow, now, t))
	}
	if err := f.stop(ctx, now, stopped); err != nil {
		return nil, err
	}
	return out, nil
}

func leased(cfg *config.Snapshot, allow consent.Allow, now time.Time, t message.Taken) Leased {
	r := Rules(cfg, allow, t.Message)
	l := Leased{Taken: t, Opens: now, Attempts: callTries, Pause: callPause}
	if t.Message.Urgency != message.Emergency {
		l.Closes = r.Window.Shuts(now, r.Zones)
	}
	return l
}

func (f *Feed) stop(ctx context.Context, now time.Time, stopped []Result) error {
	if len(stopped) == 0 {
		return nil
	}
	sets, settled, _ := f.Dispatch.settle(ctx, now, stopped)
	verdicts, err := f.Dispatch.Store.Apply(ctx, sets...)
	if err != nil {
		return err
	}
	var turn Turn
	for i := range settled {
		if verdicts[i].Outcome == store.Applied {
			continue
		}
		if err := f.Dispatch.reload(ctx, now, settled[i], &turn); err != nil {
			return err
		}
	}
	return nil
}

// Extend lengthens leases the vendor still holds.
func (f *Feed) Extend(ctx context.Context, now time.Time, p access.Principal, ids []message.ID, lease time.Duration) ([]Extended, error) {
	held, err := f.held(ctx, p, ids)
	if err != nil {
		return nil, err
	}
	until := now.Add(min(max(lease, minLease), maxLease))
	out := make([]Extended, 0, len(ids))
	for _, id := range ids {
		rec, ours := held[id]
		if !ours || rec.Due == nil || rec.Due.Owner != owner(p) {
			out = append(out, Extended{ID: id, Reason: why(rec, ours)})
			continue
		}
		d := *rec.Due
		verdicts, err := f.Dispatch.Store.Apply(ctx, store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{
			Fence: message.FenceOf(d), At: until, Reason: d.Reason, Attempt: d.Attempt, Seq: d.Seq, Keep: true,
		}}}})
		if err != nil {
			return nil, err
		}
		if verdicts[0].Outcome != store.Applied {
			out = append(out, Extended{ID: id, Reason: "lease_lost"})
			continue
		}
		out = append(out, Extended{ID: id, LeasedUntil: until})
	}
	return out, nil
}

// Recall tells the vendor which of the calls it holds must not be dialled any more: cancelled, suppressed, expired
// or no longer leased. Calls that may still be dialled are not in the answer.
func (f *Feed) Recall(ctx context.Context, now time.Time, p access.Principal, ids []message.ID) ([]Recalled, error) {
	held, err := f.held(ctx, p, ids)
	if err != nil {
		return nil, err
	}
	var live []message.Taken
	out := make([]Recalled, 0, len(ids))
	for _, id := range ids {
		rec, ours := held[id]
		if !ours || rec.Due == nil || rec.Due.Owner != owner(p) {
			out = append(out, Recalled{ID: id, Reason: why(rec, ours)})
			continue
		}
		live = append(live, message.Taken{Message: rec.Message, Due: *rec.Due})
	}
	if len(live) == 0 {
		return out, nil
	}
	gates, err := f.Dispatch.gate(ctx, now, live)
	if err != nil {
		return nil, err
	}
	var stopped []Result
	way := &Way{Provider: provider(p), Dedupes: true, Batch: 1}
	for i, t := range live {
		if gates[i].Pass {
			continue
		}
		stopped = append(stopped, Result{Taken: t, Way: way, Gate: &gates[i], At: now})
		out = append(out, Recalled{ID: t.Message.ID, Reason: gateReason(gates[i])})
	}
	return out, f.stop(ctx, now, stopped)
}

func gateReason(v consent.Verdict) string {
	switch {
	case v.Suppress != "":
		return v.Suppress
	case v.Expire:
		return "expired"
	}
	return "quiet_hours"
}

// Results keeps what the vendor says, durably, before it answers; the inbox settles it.
func (f *Feed) Results(ctx context.Context, now time.Time, p access.Principal, results []CallResult) ([]Recorded, error) {
	ids := make([]message.ID, len(results))
	for i, r := range results {
		ids[i] = r.ID
	}
	held, err := f.held(ctx, p, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Recorded, 0, len(results))
	reports := make([]message.Report, 0, len(results))
	for _, r := range results {
		rec, ours := held[r.ID]
		switch {
		case !ours:
			out = append(out, Recorded{ID: r.ID, Status: "unknown"})
		case seen(rec, r):
			out = append(out, Recorded{ID: r.ID, Status: "duplicate"})
		default:
			out = append(out, Recorded{ID: r.ID, Status: "recorded"})
			reports = append(reports, Disposition(provider(p), r))
		}
	}
	if len(reports) == 0 {
		return out, nil
	}
	return out, f.Inbox.Receive(ctx, now, reports)
}

func seen(rec message.Record, r CallResult) bool {
	for _, e := range rec.Evidence {
		if e.Ref != "" && e.Ref == r.Result && e.Code == r.Disposition {
			return true
		}
	}
	return false
}

// held reads the calls that belong to the vendor.
func (f *Feed) held(ctx context.Context, p access.Principal, ids []message.ID) (map[message.ID]message.Record, error) {
	if !p.Has(access.Dialer) {
		return nil, fault.New(fault.Forbidden, "this key has no call feed")
	}
	records, err := f.Dispatch.Facts.Messages(ctx, ids)
	if err != nil {
		return nil, err
	}
	cfg := f.Dispatch.Configs.Current()
	out := make(map[message.ID]message.Record, len(records))
	for _, rec := range records {
		route, known := cfg.Route(rec.Message.Route)
		if known && rec.Message.Channel == message.Voice && route.Sender[VendorWord] == p.Source && p.InDivision(rec.Message.Division) {
			out[rec.Message.ID] = rec
		}
	}
	return out, nil
}

// routes are the vendor's feed routes.
func (f *Feed) routes(p access.Principal) ([]config.Route, error) {
	if !p.Has(access.Dialer) {
		return nil, fault.New(fault.Forbidden, "this key has no call feed")
	}
	cfg := f.Dispatch.Configs.Current()
	var out []config.Route
	for _, r := range cfg.Routes() {
		if r.Provider == ProviderFeed && r.Sender[VendorWord] == p.Source && serves(cfg, r, p) {
			out = append(out, r)
		}
	}
	return out, nil
}

// serves reports whether the key may see every division whose calls take the route.
func serves(cfg *config.Snapshot, r config.Route, p access.Principal) bool {
	for _, d := range cfg.Document().Divisions {
		if d.Routes[message.Voice] == r.Code && !p.InDivision(d.Code) {
			return false
		}
	}
	return true
}

func owner(p access.Principal) string    { return message.VendorOwner(p.Source) }
func provider(p access.Principal) string { return "dialer:" + p.Source }

func why(rec message.Record, ours bool) string {
	if !ours {
		return "unknown"
	}
	life := rec.Life()
	if life.Work == message.Finished || life.Work == message.Doubted {
		return life.Place.String()
	}
	return "not_leased"
}
