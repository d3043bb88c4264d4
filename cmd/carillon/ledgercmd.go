package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"carillon/core/fault"
)

// LedgerCmd checks the ledger.
type LedgerCmd struct {
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
func (c *LedgerKeygenCmd) Run(w world) error {
	key, verifier, err := newSigner(c.Origin)
	if err != nil {
		return err
	}
	if c.File != "" {
		if err := writeKey(c.File, keyFile(key, verifier)); err != nil {
			return fault.Wrap(fault.Invalid, "file: cannot be made, or is there already", err)
		}
		key = ""
	}
	if c.Output == "json" {
		return json.NewEncoder(w.out).Encode(struct {
			Key      string `json:"key,omitempty"`
			Verifier string `json:"verifier"`
		}{key, verifier})
	}
	if key != "" {
		fmt.Fprintln(w.out, key)
	}
	_, err = fmt.Fprintln(w.out, verifier)
	return err
}

// errUnsigned tells that there is no checkpoint to show.
var errUnsigned = errors.New("the newest tree of the ledger is not signed")

// LedgerCheckpointCmd prints the newest checkpoint.
type LedgerCheckpointCmd struct{ storeSettings }

// Run prints the note; its status is 1 when the newest tree is not signed.
func (c *LedgerCheckpointCmd) Run(w world) error {
	st, err := openStore(w.ctx, Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer closing(st)
	head, err := st.Head(w.ctx)
	if err != nil {
		return err
	}
	if head.Note == "" {
		return errUnsigned
	}
	_, err = fmt.Fprint(w.out, head.Note)
	return err
}
