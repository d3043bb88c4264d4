package ledger

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/fault"
)

// Checkpoint is what is signed of a tree: whose log it is, its size and its root.
type Checkpoint struct {
	Origin string // the name of the log, one line
	Tree   tlog.Tree
}

// ValidOrigin reports whether a log may have the name: one line that is not empty.
func ValidOrigin(origin string) bool {
	return origin != "" && !strings.ContainsFunc(origin, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Text is the checkpoint as C2SP tlog-checkpoint writes it: the origin, the size and the root in base64, a line each.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Tree.N, c.Tree.Hash)
}

// ParseCheckpoint reads the text of a checkpoint; lines that follow are passed over. fault.Invalid when it is none.
func ParseCheckpoint(text string) (Checkpoint, error) {
	wrong := fault.New(fault.Invalid, "this is no checkpoint of a log")
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || !ValidOrigin(lines[0]) {
		return Checkpoint{}, wrong
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, wrong
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, wrong
	}
	return Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size, Hash: root}}, nil
}

// Sign signs the checkpoint as a note (C2SP signed-note).
func (c Checkpoint) Sign(by note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.Text()}, by)
	if err != nil {
		return "", fault.Wrap(fault.Misconfigured, "signing a checkpoint of the ledger", err)
	}
	return string(signed), nil
}

// OpenCheckpoint reads a signed checkpoint and checks that one of the keys signed it; fault.Invalid when none did.
func OpenCheckpoint(signed string, keys ...note.Verifier) (Checkpoint, error) {
	opened, err := note.Open([]byte(signed), note.VerifierList(keys...))
	if err != nil {
		return Checkpoint{}, fault.Wrap(fault.Invalid, "the signature of the checkpoint is not that of a key we know", err)
	}
	return ParseCheckpoint(opened.Text)
}

// Signatory signs checkpoints of one log. The zero Signatory signs nothing.
type Signatory struct {
	Origin   string
	Signer   note.Signer // holds the secret key; nil: nobody signs
	Verifier string      // the verifier key that belongs to it, as note.NewVerifier reads it
}

// Signs reports whether there is a key to sign with.
func (s Signatory) Signs() bool { return s.Signer != nil }

// Sign returns the signed checkpoint of a tree; empty when nobody signs.
func (s Signatory) Sign(tree tlog.Tree) (string, error) {
	if !s.Signs() {
		return "", nil
	}
	return Checkpoint{Origin: s.Origin, Tree: tree}.Sign(s.Signer)
}
