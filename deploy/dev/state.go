package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"text/tabwriter"
)

// record is what is remembered of one part.
type record struct {
	Name     string         `json:"name"`
	Variable string         `json:"variable"`
	Value    string         `json:"value"`
	Given    bool           `json:"given,omitempty"`   // set from outside: not ours to start or stop
	PID      int            `json:"pid,omitempty"`     // 0: a tool, not a server
	Started  string         `json:"started,omitempty"` // the process's start time, so that a reused id is not mistaken for it
	Signal   syscall.Signal `json:"signal,omitempty"`  // the polite way to stop it
	Log      string         `json:"log,omitempty"`
}

// up reports whether what was recorded is still there.
func (r record) up(ctx context.Context) bool {
	switch {
	case r.Given:
		return reach(ctx, r.Value) == nil
	case r.PID > 0:
		return alive(r.PID, r.Started)
	}
	_, err := os.Stat(r.Value)
	return err == nil
}

// state is what is remembered of one checkout.
type state struct {
	Checkout string   `json:"checkout"`
	Kept     bool     `json:"kept"` // a person said up: only down stops it
	Records  []record `json:"records"`
}

// find returns the record of the part.
func (st *state) find(name string) (record, bool) {
	for _, r := range st.Records {
		if r.Name == name {
			return r, true
		}
	}
	return record{}, false
}

// put adds or replaces a record.
func (st *state) put(r record) {
	for i := range st.Records {
		if st.Records[i].Name == r.Name {
			st.Records[i] = r
			return
		}
	}
	st.Records = append(st.Records, r)
}

// env returns the variables as KEY=value.
func (st *state) env() []string {
	lines := make([]string, 0, len(st.Records))
	for _, r := range st.Records {
		lines = append(lines, r.Variable+"="+r.Value)
	}
	return lines
}

// loadState reads what is remembered in the run folder; nothing there is an empty state.
func loadState(run string) (state, error) {
	var st state
	raw, err := os.ReadFile(filepath.Join(run, "state.json"))
	if errors.Is(err, os.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &st)
	}
	if err != nil {
		return st, fmt.Errorf("reading the state: %w", err)
	}
	return st, nil
}

// save writes the state and, for the checkout, the variables.
func (s *site) save(st state) error {
	st.Checkout = s.checkout
	raw, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := replace(filepath.Join(s.run, "state.json"), raw); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# Written by deploy/dev. In a shell: set -a; . .dev/services.env; set +a\n")
	for _, r := range st.Records {
		b.WriteString(r.Variable + "=" + quote(r.Value) + "\n")
	}
	return replace(s.envFile(), []byte(b.String()))
}

// envFile is the file of variables in the checkout.
func (s *site) envFile() string { return filepath.Join(s.local, "services.env") }

// replace writes a file whole or not at all.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// quote makes a value one shell word.
func quote(value string) string {
	if ok, _ := regexp.MatchString(`^[A-Za-z0-9_@%+=:,./?-]+$`, value); ok {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// printEnv prints the variables for eval.
func (s *site) printEnv(out io.Writer) error {
	st, err := loadState(s.run)
	if err != nil {
		return err
	}
	if len(st.Records) == 0 {
		return errors.New("nothing is up: say up first")
	}
	for _, r := range st.Records {
		if _, err := fmt.Fprintf(out, "export %s=%s\n", r.Variable, quote(r.Value)); err != nil {
			return fmt.Errorf("printing the variables: %w", err)
		}
	}
	return nil
}

// status prints what is up; something recorded that is gone is an error.
func (s *site) status(ctx context.Context, out io.Writer) error {
	st, err := loadState(s.run)
	if err != nil {
		return err
	}
	if len(st.Records) == 0 {
		return errors.New("nothing is up")
	}
	var gone []string
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, r := range st.Records {
		word := "up"
		if !r.up(ctx) {
			word, gone = "gone", append(gone, r.Name)
		}
		detail := ""
		switch {
		case r.Given:
			detail = "given"
		case r.PID > 0:
			detail = fmt.Sprintf("pid %d, log %s", r.PID, r.Log)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s=%s\t%s\n", r.Name, word, r.Variable, masked(r.Value), detail)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the status: %w", err)
	}
	if len(gone) > 0 {
		return fmt.Errorf("gone: %s; up starts them again", strings.Join(gone, ", "))
	}
	return nil
}
