package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"

	"github.com/jedib0t/go-pretty/v6/table"
)

// DeadLettersCmd lists and replays messages that ended badly, through the API of a running gateway.
type DeadLettersCmd struct {
	List   DeadListCmd   `cmd:"" help:"List messages that ended badly, newest first."`
	Replay DeadReplayCmd `cmd:"" help:"Put them back into their lanes under their own ids; without --apply only say what would happen."`
}

// deadFilter says which dead letters are meant.
type deadFilter struct {
	Outcome       string `help:"Where the messages are: failed, unconfirmed, expired, in_doubt or suppressed." enum:"failed,unconfirmed,expired,in_doubt,suppressed" default:"failed"`
	Division      string `help:"Of this division."`
	Channel       string `help:"Of this channel."`
	Route         string `help:"Of this route."`
	Urgency       string `help:"Of this urgency."`
	Class         string `help:"Of contacts of this class."`
	Type          string `help:"Of contacts of this type."`
	Reason        string `help:"Ended for this reason, as refused."`
	Code          string `help:"Ended with this code of the provider."`
	Batch         string `help:"Of this intake batch."`
	AcceptedFrom  string `help:"Accepted from then on (RFC 3339)." placeholder:"TIME"`
	AcceptedUntil string `help:"Accepted before." placeholder:"TIME"`
	SettledFrom   string `help:"Ended from then on." placeholder:"TIME"`
	SettledUntil  string `help:"Ended before." placeholder:"TIME"`
}

// words are the filter's fields by their names in the API.
func (f deadFilter) words() map[string]string {
	return onlyNamed(map[string]string{
		"outcome": f.Outcome, "division": f.Division, "channel": f.Channel, "route": f.Route, "urgency": f.Urgency,
		"class": f.Class,
		"type":  f.Type, "reason": f.Reason, "code": f.Code, "batch": f.Batch, "acceptedFrom": f.AcceptedFrom,
		"acceptedUntil": f.AcceptedUntil, "settledFrom": f.SettledFrom, "settledUntil": f.SettledUntil,
	})
}

// onlyNamed leaves out what is empty.
func onlyNamed(words map[string]string) map[string]string {
	maps.DeleteFunc(words, func(_, v string) bool { return v == "" })
	return words
}

// DeadListCmd lists dead letters.
type DeadListCmd struct {
	cli.API
	deadFilter

	Limit  int    `help:"How many to list at most; 0 lists all." default:"100"`
	Output string `help:"How to print them; json prints one a line." enum:"table,json" default:"table"`
}

// deadRow is a dead letter as the API shows it.
type deadRow struct {
	Message   string `json:"message"`
	SettledAt string `json:"settledAt"`
	Division  string `json:"division"`
	Contact   string `json:"contact"`
	Class     string `json:"class"`
	Type      string `json:"type"`
	Route     string `json:"route"`
	Urgency   string `json:"urgency"`
	Reason    string `json:"reason"`
	Code      string `json:"code"`
	Attempts  int    `json:"attempts"`
	Reached   bool   `json:"reached"`
}

// Run prints the list page by page.
func (c *DeadListCmd) Run(w cli.World) error {
	const pageSize = 1000
	query := url.Values{}
	for name, value := range c.words() {
		query.Set(name, value)
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"ended", "message", "contact", "division", "type", "route", "urgency", "reason", "code", "attempts", "reached"})
	for left := c.Limit; c.Limit == 0 || left > 0; {
		size := pageSize
		if c.Limit > 0 {
			size = min(left, pageSize)
		}
		query.Set("limit", fmt.Sprint(size))
		var page struct {
			DeadLetters []json.RawMessage `json:"deadLetters"`
			Next        string            `json:"next"`
		}
		if err := c.AskJSON(w, http.MethodGet, "/v1/dead-letters?"+query.Encode(), nil, nil, &page); err != nil {
			return err
		}
		for _, raw := range page.DeadLetters {
			if c.Output == "json" {
				fmt.Fprintln(w.Out, string(raw))
				continue
			}
			var d deadRow
			if err := json.Unmarshal(raw, &d); err != nil {
				return err
			}
			t.AppendRow(table.Row{d.SettledAt, d.Message, d.Contact, d.Division, d.Class + "/" + d.Type, d.Route, d.Urgency, d.Reason, d.Code, d.Attempts, d.Reached})
		}
		if left -= len(page.DeadLetters); page.Next == "" {
			break
		}
		query.Set("after", page.Next)
	}
	if c.Output == "table" {
		fmt.Fprintln(w.Out, t.Render())
	}
	return nil
}

// DeadReplayCmd replays dead letters.
type DeadReplayCmd struct {
	cli.API
	deadFilter

	Message        []string `help:"Only these messages, instead of a filter; may be repeated." placeholder:"ID"`
	Apply          bool     `help:"Do it. Without, only say what would happen."`
	IncludeReached bool     `help:"Also where another message of the contact has gone to the recipient, or still may."`
	Why            string   `help:"One word that is kept with each message." default:"replayed"`
	RequestKey     string   `help:"Names this replay: repeated under its key it replays nothing twice. Drawn from the time when left out." placeholder:"KEY"`
}

// replayed is a page of a replay as the API answers it.
type replayed struct {
	Found    int `json:"found"`
	Replayed int `json:"replayed"`
	Parts    int `json:"parts"`
	Groups   []struct {
		Channel  string `json:"channel"`
		Route    string `json:"route"`
		Reason   string `json:"reason"`
		Messages int    `json:"messages"`
	} `json:"groups"`
	Passed []struct {
		Why      string `json:"why"`
		Messages int    `json:"messages"`
	} `json:"passed"`
	Next string `json:"next"`
}

// Run replays page by page and prints the sums.
func (c *DeadReplayCmd) Run(w cli.World) error {
	key := cmp.Or(c.RequestKey, "cli-"+clock.Now().Format(time.RFC3339Nano))
	body := map[string]any{"dryRun": !c.Apply, "includeReached": c.IncludeReached, "reason": c.Why}
	if len(c.Message) > 0 {
		body["messages"] = c.Message
	} else {
		body["filter"] = c.words()
	}
	bar := cli.NewBar(w.ErrOut, "looking at messages", -1)
	var found, done, parts int
	sums := map[string]int{}
	for {
		var page replayed
		if err := c.AskJSON(w, http.MethodPost, "/v1/dead-letters/replay", map[string]string{"Idempotency-Key": key}, body, &page); err != nil {
			return errors.Join(err, fmt.Errorf("go on with --request-key %s: nothing is replayed twice under it", key))
		}
		found, done, parts = found+page.Found, done+page.Replayed, parts+page.Parts
		for _, g := range page.Groups {
			sums[strings.Join([]string{"replayed", g.Channel, g.Route, g.Reason}, "\t")] += g.Messages
		}
		for _, p := range page.Passed {
			sums[strings.Join([]string{"passed over", "", "", p.Why}, "\t")] += p.Messages
		}
		_ = bar.Add(page.Found) // a bar that cannot be drawn is no failure
		if page.Next == "" {
			break
		}
		body["after"] = page.Next
	}
	_ = bar.Finish()
	t := table.NewWriter()
	t.AppendHeader(table.Row{"", "channel", "route", "reason", "messages"})
	for _, k := range slices.Sorted(maps.Keys(sums)) {
		f := strings.Split(k, "\t")
		t.AppendRow(table.Row{f[0], f[1], f[2], f[3], sums[k]})
	}
	fmt.Fprintln(w.Out, t.Render())
	verb := "would be replayed; --apply does it"
	if c.Apply {
		verb = "were replayed under the key " + key
	}
	_, err := fmt.Fprintf(w.Out, "%d of %d messages (%d parts of texts) %s\n", done, found, parts, verb)
	return err
}

// CancelCmd stops what has not begun.
type CancelCmd struct {
	cli.API

	Contact       string `help:"Of this contact." xor:"what"`
	Batch         string `help:"Of this intake batch." xor:"what"`
	Division      string `help:"Of what waits: of this division."`
	Channel       string `help:"Of what waits: of this channel."`
	Route         string `help:"Of what waits: of this route."`
	Urgency       string `help:"Of what waits: of this urgency."`
	Class         string `help:"Of what waits: of contacts of this class."`
	Type          string `help:"Of what waits: of contacts of this type."`
	AcceptedFrom  string `help:"Of what waits: accepted from then on (RFC 3339)." placeholder:"TIME"`
	AcceptedUntil string `help:"Of what waits: accepted before." placeholder:"TIME"`
	Why           string `help:"One word that is kept with each message." default:"cancelled"`
	Apply         bool   `help:"Do it. Without, only say what would happen."`
}

// request is the cancellation as the API takes it.
func (c *CancelCmd) request() map[string]any {
	body := map[string]any{"dryRun": !c.Apply, "reason": c.Why}
	query := onlyNamed(map[string]string{
		"division": c.Division, "channel": c.Channel, "route": c.Route, "urgency": c.Urgency, "class": c.Class,
		"type":         c.Type,
		"acceptedFrom": c.AcceptedFrom, "acceptedUntil": c.AcceptedUntil,
	})
	if c.Contact != "" {
		body["contact"] = c.Contact
	}
	if c.Batch != "" {
		body["batch"] = c.Batch
	}
	if len(query) > 0 {
		body["query"] = query
	}
	return body
}

// Run cancels page by page and prints the sums.
func (c *CancelCmd) Run(w cli.World) error {
	body := c.request()
	bar := cli.NewBar(w.ErrOut, "stopping messages", -1)
	names := []string{"contacts", "cancelled", "recalled", "underWay", "halted", "lost"}
	sums := map[string]int64{}
	for {
		var page map[string]any
		if err := c.AskJSON(w, http.MethodPost, "/v1/cancellations", nil, body, &page); err != nil {
			return err
		}
		for _, name := range names {
			n, _ := page[name].(float64)
			sums[name] += int64(n)
		}
		_ = bar.Set64(sums["cancelled"] + sums["recalled"]) // a bar that cannot be drawn is no failure
		next, more := page["next"].(string)
		if !more {
			break
		}
		body["after"] = next
	}
	_ = bar.Finish()
	for _, name := range names {
		fmt.Fprintf(w.Out, "%-10s %d\n", name, sums[name])
	}
	if !c.Apply {
		fmt.Fprintln(w.Out, "nothing was done; --apply does it")
	}
	return nil
}
