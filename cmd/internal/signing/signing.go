// Package signing says who signs checkpoints of the ledger, and makes and keeps the keys for it.
package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"carillon/cmd/internal/settings"
	"carillon/core/fault"
	"carillon/core/ledger"
)

// KeySuffix is added to the file of a SQLite store to name the file of its key.
const KeySuffix = ".ledger-key"

// Signatory is who signs checkpoints: the key of the settings or, with SQLite, the one beside the store, which is made
// at its first start.
func Signatory(s settings.Settings) (ledger.Signatory, error) {
	text, err := keyText(s.Ledger)
	if err == nil && text == "" && !s.OnPostgres() {
		text, err = keyBeside(s.Store, s.Ledger.Origin)
	}
	if err != nil || text == "" {
		return ledger.Signatory{}, err
	}
	by, err := ReadSigner(text)
	if err == nil && s.Ledger.Origin != "" {
		by.Origin = s.Ledger.Origin
	}
	return by, err
}

// privatePrefix begins every signer key (golang.org/x/mod/sumdb/note).
const privatePrefix = "PRIVATE+KEY+"

// keyText is the key, or what the file holds that is named instead. The text of an error never repeats the setting: it
// may be a key that was cut.
func keyText(l settings.Ledger) (string, error) {
	given := strings.TrimSpace(l.Key.Reveal())
	if given == "" || strings.HasPrefix(given, privatePrefix) {
		return given, nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return "", fault.New(fault.Invalid, "ledger-key: is neither a key nor a file that can be read")
	}
	return string(text), nil
}

// ReadSigner reads a signer key: the first line that is one.
func ReadSigner(text string) (ledger.Signatory, error) {
	wrong := fault.New(fault.Invalid, "ledger-key: holds no key; carillon ledger keygen makes one")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, privatePrefix) {
			continue
		}
		signer, err := note.NewSigner(line)
		if err != nil {
			return ledger.Signatory{}, wrong
		}
		seed, err := base64.StdEncoding.DecodeString(strings.SplitN(line, "+", 5)[4]) // after PRIVATE, KEY, name and hash
		if err != nil || len(seed) != 1+ed25519.SeedSize {
			return ledger.Signatory{}, wrong
		}
		public, _ := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
		verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
		if err != nil {
			return ledger.Signatory{}, wrong
		}
		return ledger.Signatory{Origin: signer.Name(), Signer: signer, Verifier: verifier}, nil
	}
	return ledger.Signatory{}, wrong
}

// NewKeys makes a pair of keys for a log; without a name, one that no other log has.
func NewKeys(origin string) (secretKey, verifier string, err error) {
	if origin == "" {
		var random [8]byte
		_, _ = rand.Read(random[:]) // never fails (crypto/rand)
		origin = "carillon.internal/ledger/" + hex.EncodeToString(random[:])
	}
	if !ledger.ValidOrigin(origin) || strings.ContainsAny(origin, " +") {
		return "", "", fault.New(fault.Invalid, "origin: one word without + is needed, such as utility.example/carillon")
	}
	return note.GenerateKey(rand.Reader, origin)
}

// KeyFile is what stands in a file of a key.
func KeyFile(secretKey, verifier string) []byte {
	return fmt.Appendf(
		nil,
		"%s\n# This key signs checkpoints of Carillon's ledger: keep it secret, and out of the database's backups.\n"+
			"# Give auditors its verifier key: %s\n",
		secretKey,
		verifier,
	)
}

// WriteKey writes a new file that nobody else can read; fs.ErrExist when it is there.
func WriteKey(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// keyBeside is the key in the file beside a SQLite store, which is made when there is none.
func keyBeside(store, origin string) (string, error) {
	name := store + KeySuffix
	text, err := os.ReadFile(name)
	switch {
	case err == nil:
		return string(text), nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fault.Wrap(fault.Misconfigured, "the file of the ledger's key beside the store cannot be read", err)
	}
	secretKey, verifier, err := NewKeys(origin)
	if err != nil {
		return "", err
	}
	text = KeyFile(secretKey, verifier)
	if err := WriteKey(name, text); err != nil {
		return "", fault.Wrap(fault.Misconfigured, "the file of the ledger's key beside the store cannot be written", err)
	}
	return string(text), nil
}

// Announce logs who signs, or warns that nobody does. It names the verifier key, which is no secret.
func Announce(log *slog.Logger, by ledger.Signatory) {
	if !by.Signs() {
		log.Warn(
			"nobody signs the ledger: set --ledger-key, carillon ledger keygen makes one. Its entries are sealed and can be checked, " +
				"but who can write to the database can write all of it anew",
		)
		return
	}
	log.Info(
		"checkpoints of the ledger are signed",
		slog.String("origin", by.Origin),
		slog.String("verifier", by.Verifier),
	)
}
