package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/signing"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/batch"
	"carillon/core/desk/proofs"
	"carillon/core/fault"
)

// LedgerCmd checks the ledger.
type LedgerCmd struct {
	Verify     LedgerVerifyCmd     `cmd:"" help:"Recompute every hash of the ledger from its entries; status 1 when one is wrong."`
	Proof      LedgerProofCmd      `cmd:"" help:"Print an entry with the proof that it is in the ledger, as JSON."`
	Checkpoint LedgerCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint."`
	Keygen     LedgerKeygenCmd     `cmd:"" help:"Make a key that signs checkpoints, and its verifier key."`
}

// LedgerKeygenCmd makes a pair of keys.
type LedgerKeygenCmd struct {
	Origin string `help:"Name of the log, like a URL without scheme: utility.example/carillon. Empty: an invented one."`
	File   string `help:"New file that takes the key, readable by nobody else; only the verifier key is printed then." placeholder:"FILE"`
	Output string `help:"text or json." enum:"text,json" default:"text"`
}

// Run prints the key, which is shown this once, and the verifier key, which is no secret.
func (c *LedgerKeygenCmd) Run(w cli.World) error {
	key, verifier, err := signing.NewKeys(c.Origin)
	if err != nil {
		return err
	}
	if c.File != "" {
		if err := signing.WriteKey(c.File, signing.KeyFile(key, verifier)); err != nil {
			return fault.Wrap(fault.Invalid, "file: cannot be made, or is there already", err)
		}
		key = ""
	}
	if c.Output == "json" {
		return json.NewEncoder(w.Out).Encode(struct {
			Key      string `json:"key,omitempty"`
			Verifier string `json:"verifier"`
		}{key, verifier})
	}
	if key != "" {
		fmt.Fprintln(w.Out, key)
	}
	_, err = fmt.Fprintln(w.Out, verifier)
	return err
}

// errUnsigned tells that there is no checkpoint to show.
var errUnsigned = errors.New("the newest tree of the ledger is not signed")

// LedgerCheckpointCmd prints the newest checkpoint.
type LedgerCheckpointCmd struct{ storeSettings }

// Run prints the note; its status is 1 when the newest tree is not signed.
func (c *LedgerCheckpointCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	head, err := st.Head(w.Ctx)
	if err != nil {
		return err
	}
	if head.Note == "" {
		return errUnsigned
	}
	_, err = fmt.Fprint(w.Out, head.Note)
	return err
}

// LedgerProofCmd proves an entry.
type LedgerProofCmd struct {
	storeSettings

	Leaf int64 `arg:"" help:"Number of the entry, as GET /v1/changes tells it."`
}

// leafProof is the proof as the API tells it.
type leafProof struct {
	Leaf       int64            `json:"leaf"`
	Entry      string           `json:"entry,omitempty"`
	Hash       tlog.Hash        `json:"hash"`
	Size       int64            `json:"size"`
	Root       tlog.Hash        `json:"root"`
	Proof      tlog.RecordProof `json:"proof"`
	Checkpoint string           `json:"checkpoint,omitempty"`
}

// Run prints what GET /v1/ledger/leaves/{leaf} answers.
func (c *LedgerProofCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	p, err := (&proofs.Service{Feed: st, Tree: st}).ProveLeaf(w.Ctx, access.Operator(), c.Leaf)
	if err != nil {
		return err
	}
	out := json.NewEncoder(w.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(leafProof{
		Leaf: c.Leaf, Entry: p.Leaf.Body, Hash: p.Hash, Size: p.Tree.N, Root: p.Tree.Hash, Proof: p.Proof, Checkpoint: p.Note,
	})
}

// LedgerVerifyCmd recomputes the ledger.
type LedgerVerifyCmd struct {
	storeSettings

	Verifier string `help:"Verifier key that must have signed, or a file of such keys, one on a line. Empty: the key that the store itself names, which proves less." placeholder:"KEY"`
	Output   string `help:"text or json." enum:"text,json" default:"text"`
}

// errAltered ends the command with status 1.
var errAltered = errors.New("the ledger is NOT as it was sealed")

// Run prints what was found; its status is 1 when anything is not as it was sealed.
func (c *LedgerVerifyCmd) Run(w cli.World) error {
	keys, err := verifiers(c.Verifier)
	if err != nil {
		return err
	}
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	head, err := st.Head(w.Ctx)
	if err != nil {
		return err
	}
	bar := cli.NewBar(w.ErrOut, "recomputing leaves", int(head.Tree.N))
	v := batch.Verifier{
		Facts:    st,
		Keys:     keys,
		Progress: func(n int64) { _ = bar.Set64(n) },
	} // a bar that cannot be drawn is no failure
	found, err := v.Verify(w.Ctx, clock.Now())
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = json.NewEncoder(w.Out).Encode(verifiedJSON(found, len(keys) > 0))
	} else {
		err = printVerified(w, found, len(keys) > 0)
	}
	if err == nil && !found.Intact() {
		return errAltered
	}
	return err
}

// verifiers reads verifier keys: one, or a file with one on each line.
func verifiers(given string) ([]note.Verifier, error) {
	if given == "" {
		return nil, nil
	}
	text := []byte(given)
	if _, err := note.NewVerifier(given); err != nil {
		if text, err = os.ReadFile(given); err != nil {
			return nil, fault.New(fault.Invalid, "verifier: is neither a verifier key nor a file that can be read")
		}
	}
	var keys []note.Verifier
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, err := note.NewVerifier(line)
		if err != nil {
			return nil, fault.New(fault.Invalid, "verifier: the file holds a line that is no verifier key")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Invalid, "verifier: the file holds no key")
	}
	return keys, nil
}

// verifiedJSON is what was found, for scripts.
func verifiedJSON(v batch.Verified, given bool) map[string]any {
	findings := make([]map[string]any, 0, len(v.Findings))
	for _, f := range v.Findings {
		one := map[string]any{"what": f.What}
		if f.Leaf >= 0 {
			one["leaf"] = f.Leaf
		}
		findings = append(findings, one)
	}
	out := map[string]any{
		"event": "ledger", "intact": v.Intact(), "origin": v.Origin, "leaves": v.Tree.N, "root": v.Tree.Hash.String(),
		"recomputed": v.Recomputed, "hashOnly": v.HashOnly, "tiles": v.Tiles, "signature": v.Signature, "storeKey": v.Key,
		"keyGiven": given, "unsealed": v.Unsealed, "wrong": v.Wrong, "findings": findings,
	}
	if first := v.FirstWrong(); first >= 0 {
		out["firstWrongLeaf"] = first
	}
	return out
}

// printVerified prints what was found, for persons.
func printVerified(w cli.World, v batch.Verified, given bool) error {
	by := " (by the key the store names; give --verifier to check against one you kept)"
	if given {
		by = ""
	}
	signature := map[batch.Signature]string{
		batch.SignatureValid: "valid: " + v.Origin + by, batch.SignatureInvalid: "NOT valid",
		batch.SignatureNone: "none: nobody signed this tree",
	}[v.Signature]
	fmt.Fprintf(
		w.Out,
		"leaves     %d: %d recomputed from their entries, %d checked by hash only because retention dropped their entries\n"+
			"tiles      %d\nroot       %s\nsignature  %s\nunsealed   %d\n",
		v.Tree.N,
		v.Recomputed,
		v.HashOnly,
		v.Tiles,
		v.Tree.Hash,
		signature,
		v.Unsealed,
	)
	for _, f := range v.Findings {
		if f.Leaf >= 0 {
			fmt.Fprintf(w.Out, "leaf %d: %s\n", f.Leaf, f.What)
			continue
		}
		fmt.Fprintln(w.Out, f.What)
	}
	if more := v.Wrong - int64(len(v.Findings)); more > 0 {
		fmt.Fprintln(w.Out, "and", more, "more")
	}
	switch first := v.FirstWrong(); {
	case v.Intact():
		_, err := fmt.Fprintln(w.Out, "the ledger is as it was sealed")
		return err
	case first >= 0:
		_, err := fmt.Fprintf(w.Out, "the first wrong leaf is %d\n", first)
		return err
	}
	return nil
}
