package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"carillon/adapters/kit/group"
	"carillon/core/accept"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/store"
)

func webName(o Options) string {
	return fmt.Sprintf("Carillon, POST /v1/contacts, %d connections", o.Callers)
}

func rawWeb(o Options) string {
	return fmt.Sprintf("raw group commit behind a bare handler, %d connections", o.Callers)
}

func webSubjects(g *Gateway, gr *ground) []Subject {
	return []Subject{
		{Name: webName(g.options), Base: rawWeb(g.options), Alike: true, Run: gr.webbed},
		{Name: rawWeb(g.options), Base: rawWeb(g.options), Alike: true, Run: g.rawWebbed},
	}
}

// resting is the configuration with texts that nobody carries, so that intake alone is measured.
func resting(slots int) config.Document {
	d := document(slots)
	for i := range d.Routes {
		if d.Routes[i].Code == "sms-north" {
			d.Routes[i].Provider = dispatch.ProviderFeed
		}
	}
	return d
}

// body is a request as the API takes it.
type body struct {
	Division  string         `json:"division"`
	Reference string         `json:"reference"`
	Class     string         `json:"class"`
	Type      string         `json:"type"`
	Account   string         `json:"account"`
	Recipient *accept.Inline `json:"recipient"`
	Data      map[string]any `json:"data"`
}

func bodyOf(r accept.Request) body {
	return body{Division: r.Division, Reference: r.Reference, Class: r.Class, Type: r.Type, Account: r.Account, Recipient: r.Inline, Data: r.Data}
}

// wired are requests as they go over the wire.
func wired(key string, requests []accept.Request) ([][]byte, error) {
	out := make([][]byte, len(requests))
	for i, r := range requests {
		text, err := json.Marshal(bodyOf(r))
		if err != nil {
			return nil, err
		}
		out[i] = fmt.Appendf(nil, "POST /v1/contacts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", key, r.Key, len(text), text)
	}
	return out, nil
}

// warmUp is how many requests go before the clock starts.
const warmUp = 1000

// webbed posts to a gateway process with a fresh database.
func (gr *ground) webbed(ctx context.Context, rows int) (s Sample, err error) {
	h, err := gr.openHost(ctx, resting(gr.options.Slots))
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	requests, err := wired(h.key, h.requests(rows+warmUp, false))
	if err != nil {
		return s, err
	}
	if err := h.Start(ctx); err != nil {
		return s, err
	}
	before, err := countRows(ctx, h.raw) // a gateway's start is told in the ledger
	if err != nil {
		return s, err
	}
	if _, err := poured(ctx, h.address, gr.options.Callers, requests[rows:]); err != nil {
		return s, err
	}
	var took []time.Duration
	s, err = h.run(ctx, "http", rows, func() (err error) {
		took, err = poured(ctx, h.address, gr.options.Callers, requests[:rows])
		return err
	})
	s, err = told(ctx, h.Gateway, s, took, err)
	for table := range before {
		s.Counts[table] -= before[table]
	}
	return s, err
}

// told completes the sample of a run with its latencies and counts.
func told(ctx context.Context, g *Gateway, s Sample, took []time.Duration, err error) (Sample, error) {
	if err != nil {
		return s, err
	}
	s.P50, s.P99 = quantiles(took)
	s.Note = fmt.Sprintf("p50 %s, p99 %s", tenth(s.P50), tenth(s.P99))
	s.Counts, err = countRows(ctx, g.raw)
	return s, err
}

// plain answers every post after its rows are committed: the rows were decided beforehand, whatever the body says.
type plain struct {
	sets      []store.Writes
	next      atomic.Int64
	committer *group.Committer[store.Writes, store.Verdict]
}

// answered is a fixed answer of the size of the gateway's.
const answered = `{"contact":"1000000001","reference":"INV-000000000000","acceptedAt":"2026-11-21T04:00:00.000000Z",` +
	`"messages":[{"id":"019aa4a6-0000-7000-8000-000000000000","step":1,"channel":"sms"}]}`

// ServeHTTP implements http.Handler.
func (b *plain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	i := int(b.next.Add(1)) - 1
	if _, err := b.committer.Do(r.Context(), b.sets[i]); err != nil {
		http.Error(w, "not stored", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, answered) // the client may have gone
}

// rawWebbed posts the same requests to the bare handler, whose group commits run the raw statements.
func (g *Gateway) rawWebbed(ctx context.Context, rows int) (s Sample, err error) {
	if err := Reset(ctx, g.raw); err != nil {
		return s, err
	}
	all := rows + warmUp
	requests, err := wired("none", g.requests(all, false))
	if err != nil {
		return s, err
	}
	b := &plain{}
	if b.sets, err = g.prepared(ctx, all); err != nil {
		return s, err
	}
	var first int64
	if err := g.raw.QueryRow(ctx, reserve, "ledger", all).Scan(&first); err != nil {
		return s, err
	}
	var entries atomic.Int64
	entries.Store(first)
	b.committer = group.New(group.Config{Flushers: g.options.Workers}, func(ctx context.Context, sets []store.Writes) ([]store.Verdict, error) {
		n := int64(len(sets))
		p := acceptPipeline(sets, entries.Add(n)-n)
		return make([]store.Verdict, len(sets)), send(ctx, g.raw, p.batch())
	})
	defer b.committer.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed with its server
	if err != nil {
		return s, err
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	go server.Serve(l) //nolint:errcheck // it ends with the run
	if _, err := poured(ctx, l.Addr().String(), g.options.Callers, requests[rows:]); err != nil {
		return s, err
	}
	var took []time.Duration
	s, err = g.run(ctx, "raw-http", rows, func() (err error) {
		took, err = poured(ctx, l.Addr().String(), g.options.Callers, requests[:rows])
		return err
	})
	return told(ctx, g, s, took, err)
}
