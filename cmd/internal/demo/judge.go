package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/cmd/internal/cli"
	"carillon/core/batch"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
)

// postMarked posts a contact of the morning whose every text says its mark, so that what a provider took can be told
// apart. It is repeated under its key until it has an answer.
func (u *utility) postMarked(ctx context.Context, c cli.Client, i int, mark string) (contact.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request := u.request(i)
	request["reference"] = mark
	request["data"] = map[string]any{
		"amount": "$25.00", "due": "December 15 (" + mark + ")", "restored": "11:30 (" + mark + ")",
		"day": "Tuesday (" + mark + ")",
	}
	for {
		status, body, err := c.Do(ctx, http.MethodPost, "/v1/contacts", map[string]string{"Idempotency-Key": mark}, request)
		if err == nil && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			var answer struct{ Contact string }
			if err := errors.Join(wanted(status, body, nil), json.Unmarshal(body, &answer)); err != nil {
				return 0, err
			}
			return contact.ParseID(answer.Contact)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return 0, errors.Join(fmt.Errorf("contact %s has no answer", mark), err)
		}
	}
}

// judged is what the providers' memories say of a game day.
type judged struct {
	Contacts  int            `json:"contacts"`
	Messages  int            `json:"messages"`
	Lost      []string       `json:"lost"`    // marks, with what is missing
	Doubled   []string       `json:"doubled"` // taken more often than the evidence tells
	Explained int            `json:"repeatedByPolicy"`
	InDoubt   int            `json:"inDoubt"`
	Ends      map[string]int `json:"inDoubtEnded"` // how what was in doubt ended
}

// judge compares what was accepted with what the providers remember.
func (d *demo) judge(ctx context.Context, posted map[string]contact.ID) (judged, error) {
	taken := d.remembered()
	out := judged{Contacts: len(posted), Lost: []string{}, Doubled: []string{}, Ends: map[string]int{}}
	for mark, id := range posted {
		view, err := d.app.Store().Contact(ctx, id)
		if fault.Is(err, fault.NotFound) || err == nil && len(view.Messages) == 0 {
			out.Lost = append(out.Lost, mark+": the contact is not there")
			continue
		}
		if err != nil {
			return out, err
		}
		for _, rec := range view.Messages {
			out.message(mark, rec, taken[string(rec.Message.Channel)+" "+mark])
		}
	}
	slices.Sort(out.Lost)
	slices.Sort(out.Doubled)
	return out, nil
}

// message judges one message by how often it was taken.
func (j *judged) message(mark string, rec message.Record, taken int) {
	j.Messages++
	what := mark + ": " + string(rec.Message.Channel)
	place := rec.Life().Place
	doubted := countEvidence(rec, func(e message.Evidence) bool { return e.Kind == message.Doubtful })
	sent := countEvidence(rec, func(e message.Evidence) bool { return e.Kind == message.Sent })
	allowed := 1 + countEvidence(rec, func(e message.Evidence) bool {
		return e.Kind == message.Retried && rec.Message.Doubt == message.Repeat && e.Reason != fault.Unavailable.String()
	})
	if doubted > 0 {
		j.InDoubt++
		j.Ends[place.String()]++
	}
	if !place.Final() {
		j.Lost = append(j.Lost, what+" is still "+place.String())
	}
	if sent > 0 && taken == 0 {
		j.Lost = append(j.Lost, what+" was sent, and its provider does not know it")
	}
	switch {
	case taken > allowed:
		j.Doubled = append(j.Doubled, what+" was taken more often than its evidence says")
	case taken > 1:
		j.Explained++
	}
}

// countEvidence counts the evidence of a message that fits.
func countEvidence(rec message.Record, fits func(message.Evidence) bool) (n int) {
	for _, e := range rec.Evidence {
		if fits(e) {
			n++
		}
	}
	return n
}

// remembered counts what the providers took: channel and mark. Calls and letters that came again under their id are
// one.
func (d *demo) remembered() map[string]int {
	mark := regexp.MustCompile(`G\d+-\d{6}`)
	out := make(map[string]int)
	for _, at := range []struct {
		book, channel string
		ops, outcomes []string
	}{
		{"sns", "sms", []string{"publish"}, []string{"accepted"}},
		{"ses", "email", []string{"send"}, []string{"accepted"}},
		{"dialer", "voice", []string{"dial", "lease"}, []string{"accepted"}},
		{"dms", "letter", []string{"letter"}, []string{"accepted", "rejected"}},
	} {
		records, _ := d.sims.Book(at.book).Records(0)
		for _, r := range records {
			if slices.Contains(at.ops, r.Op) && slices.Contains(at.outcomes, r.Outcome) {
				if m := mark.FindString(r.Content); m != "" {
					out[at.channel+" "+m]++
				}
			}
		}
	}
	return out
}

// verdict tells what became of the day.
func (d *demo) verdict(scenes []scene, found judged, rows []batch.Sum) error {
	balanced := true
	for _, r := range rows {
		balanced = balanced && r.Balanced()
	}
	d.announce(map[string]any{
		"event": "gameday", "acts": scenes, "result": found, "balanced": balanced, "channels": cli.SumsJSON(rows),
	}, "")
	if d.cmd.Output == "table" {
		d.tables(scenes, found, rows)
		d.printHint(balanced)
	}
	for _, s := range scenes {
		if !s.Well {
			return fmt.Errorf("the gateway did not recover from the act %q within %s", s.Act, d.cmd.Patience)
		}
	}
	switch {
	case len(found.Lost)+len(found.Doubled) > 0:
		return errLost
	case !balanced:
		return cli.ErrUnbalanced
	}
	return nil
}

func (d *demo) tables(scenes []scene, found judged, rows []batch.Sum) {
	fmt.Fprintln(d.w.Out)
	t := table.NewWriter()
	t.SetOutputMirror(d.w.Out)
	t.AppendHeader(table.Row{"act", "contacts", "most waiting", "breakers opened", "in doubt", "recovered in"})
	for _, s := range scenes {
		t.AppendRow(table.Row{s.Act, s.Posted, s.Waiting, orNone(s.Breakers), s.InDoubt, fmt.Sprintf("%.1f s", s.Seconds)})
	}
	t.Render()
	t = table.NewWriter()
	t.SetOutputMirror(d.w.Out)
	t.AppendRows([]table.Row{
		{"contacts accepted", found.Contacts},
		{"messages", found.Messages},
		{"lost", len(found.Lost)},
		{"reached somebody twice in silence", len(found.Doubled)},
		{"repeated, as their contact type says", found.Explained},
		{"were in doubt", found.InDoubt},
	})
	for _, p := range message.Places() {
		if n := found.Ends[p.String()]; n > 0 {
			t.AppendRow(table.Row{"  and ended " + p.String(), n})
		}
	}
	t.Render()
	cli.PrintSums(d.w.Out, rows)
	for _, wrong := range append(found.Lost[:min(10, len(found.Lost))], found.Doubled[:min(10, len(found.Doubled))]...) {
		fmt.Fprintln(d.w.Out, wrong)
	}
}
