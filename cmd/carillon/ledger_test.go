package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"carillon/adapters/kit/secret"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/signing"
	"carillon/cmd/internal/stores"
	"carillon/core/batch"
	"carillon/core/ledger"
	"carillon/core/store"
)

// sealedStore is a store with a ledger of 1,500 leaves, signed, that nobody has open.
func sealedStore(t *testing.T, address string) {
	t.Helper()
	st, err := stores.Open(t.Context(), settings.Settings{Store: address})
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close(st)
	_, by := aSigner(t)
	sealer := batch.Sealer{Store: st, Facts: st, By: by}
	for n := range 15 {
		var set store.Writes
		for i := range 100 {
			store.In(&set.Ledger).Entries = append(store.Of(set.Ledger).Entries, ledger.Entry{
				At: clock.Now(), Kind: ledger.ContactAccepted, Source: "cis", Division: "NORTH", Reference: fmt.Sprintf("R-%04d", 100*n+i),
			})
		}
		if _, err := st.Apply(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sealer.Seal(t.Context(), clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func aSigner(t *testing.T) (secretKey string, by ledger.Signatory) {
	t.Helper()
	secretKey, _, err := signing.NewKeys("utility.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	if by, err = signing.ReadSigner(secretKey); err != nil {
		t.Fatal(err)
	}
	return secretKey, by
}

// harm runs a statement on the tables, as somebody would who has the database and not the key.
func harm(t *testing.T, address string, statements ...string) {
	t.Helper()
	driver := "sqlite"
	if (settings.Settings{Store: address}).OnPostgres() {
		driver = "pgx"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		done, err := db.ExecContext(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s changes nothing: %v", s, err)
		}
	}
}

type verdict struct {
	Intact         bool
	Leaves         int64
	Recomputed     int64
	HashOnly       int64
	Unsealed       int64
	Signature      string
	FirstWrongLeaf *int64
	Findings       []struct{ What string }
}

func verifies(t *testing.T, address string, args ...string) verdict {
	t.Helper()
	code, out, errOut := command(t, append([]string{"ledger", "verify", "--store", address, "--output", "json"}, args...)...)
	var v verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("status %d: %s%s", code, out, errOut)
	}
	if (code == 0) != v.Intact {
		t.Errorf("status %d, intact %t", code, v.Intact)
	}
	return v
}

func TestLedgerVerify(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "carillon.db") },
		"PostgreSQL": parttest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := fresh(t)
			sealedStore(t, address)
			const altered, back = `update ledger_entry set body = replace(body, 'R-0700', 'R-07O0') where body like '%"R-0700"%'`,
				`update ledger_entry set body = replace(body, 'R-07O0', 'R-0700') where body like '%"R-07O0"%'`
			for _, row := range []struct {
				says       string
				harm, undo []string
				leaf       int64
			}{
				{"one byte of an entry was altered", []string{altered}, []string{back}, 700},
				{"two leaves were swapped", swap(3, 1400), swap(3, 1400), 3},
				{"a tile was dropped", []string{"update ledger_tile set n = 99 where level = 0 and n = 2"}, []string{"update ledger_tile set n = 2 where n = 99"}, 512},
			} {
				harm(t, address, row.harm...)
				if v := verifies(t, address); v.Intact || v.FirstWrongLeaf == nil || *v.FirstWrongLeaf != row.leaf {
					t.Errorf("%s: %+v", row.says, v)
				}
				harm(t, address, row.undo...)
				if v := verifies(t, address); !v.Intact || v.Recomputed != 1500 || v.Signature != "valid" {
					t.Fatalf("undone: %s: %+v", row.says, v)
				}
			}
			harm(t, address, "delete from ledger_entry where id < (select min(id) + 400 from ledger_entry)") // as retention drops the old
			if v := verifies(t, address); !v.Intact || v.Recomputed != 1100 || v.HashOnly != 400 {
				t.Errorf("after retention: %+v", v)
			}
			_, stranger := aSigner(t)
			if v := verifies(t, address, "--verifier", stranger.Verifier); v.Intact || v.Signature != "invalid" {
				t.Errorf("with the key of another: %+v", v)
			}
			var proof leafProof
			for _, leaf := range []string{"5", "1207"} { // one that is dropped, and one that is there
				if err := json.Unmarshal([]byte(must(t, "ledger", "proof", "--store", address, leaf)), &proof); err != nil {
					t.Fatal(err)
				}
				if err := tlog.CheckRecord(proof.Proof, proof.Size, proof.Root, proof.Leaf, proof.Hash); err != nil {
					t.Error(err)
				}
			}
			if ledger.LeafHash(proof.Entry) != proof.Hash || !strings.Contains(proof.Entry, `"R-1207"`) {
				t.Errorf("%+v", proof)
			}
			if got := must(t, "ledger", "checkpoint", "--store", address); got != proof.Checkpoint || got == "" {
				t.Errorf("%q", got)
			}
			if code, out, _ := command(t, "ledger", "verify", "--store", address); code != 0 || !strings.Contains(out, "the ledger is as it was sealed") {
				t.Errorf("status %d: %s", code, out)
			}
			harm(t, address, "update ledger_tree set note = ''")
			if code, out, _ := command(t, "ledger", "verify", "--store", address); code != 1 || !strings.Contains(out, "the newest tree is not signed") {
				t.Errorf("status %d: %s", code, out)
			}
			if code, _, _ := command(t, "ledger", "checkpoint", "--store", address); code != 1 {
				t.Errorf("status %d", code)
			}
		})
	}
}

// swap swaps the bodies of two entries.
func swap(a, b int) []string {
	one := func(from, to string) string {
		return fmt.Sprintf(`update ledger_entry set body = replace(body, '%s', '%s') where body like '%%"%s"%%'`, from, to, from)
	}
	x, y := fmt.Sprintf("R-%04d", a), fmt.Sprintf("R-%04d", b)
	return []string{one(x, "X"), one(y, x), one("X", y)}
}

func TestLedgerKey(t *testing.T) {
	t.Parallel()
	key, by := aSigner(t)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, signing.KeyFile(key, by.Verifier), 0o600); err != nil {
		t.Fatal(err)
	}
	of := func(store, key, origin string) settings.Settings {
		return settings.Settings{Store: store, Ledger: settings.Ledger{Key: secret.New(key), Origin: origin}}
	}
	t.Run("is given as a value or as a file", func(t *testing.T) {
		t.Parallel()
		for _, given := range []string{key, " " + key + "\n", file} {
			got, err := signing.Signatory(of("postgres://x", given, ""))
			if err != nil || got.Verifier != by.Verifier || got.Origin != "utility.example/ledger" || !got.Signs() {
				t.Errorf("%+v: %v", got, err)
			}
		}
		if got, err := signing.Signatory(of("postgres://x", key, "another.example")); err != nil || got.Origin != "another.example" {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("is none with PostgreSQL when none is given", func(t *testing.T) {
		t.Parallel()
		if got, err := signing.Signatory(of("postgres://x", "", "")); err != nil || got.Signs() {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("is refused when it is none, and not repeated", func(t *testing.T) {
		t.Parallel()
		for _, wrong := range []string{key[1:], key[:len(key)-9], "PRIVATE+KEY+x", "PRIVATE+KEY+++++", file + "x"} {
			_, err := signing.Signatory(of("postgres://x", wrong, ""))
			if err == nil || strings.Contains(fmt.Sprintf("%+v %s", err, cli.Explain(err)), wrong[:10]) || !strings.Contains(err.Error(), "ledger-key") {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("is made beside a SQLite store, once, for nobody else to read", func(t *testing.T) {
		t.Parallel()
		address := filepath.Join(t.TempDir(), "carillon.db")
		first, err := signing.Signatory(of(address, "", ""))
		if err != nil || !first.Signs() || !strings.HasPrefix(first.Origin, "carillon.internal/ledger/") {
			t.Fatalf("%+v: %v", first, err)
		}
		again, err := signing.Signatory(of(address, "", ""))
		if err != nil || again.Verifier != first.Verifier {
			t.Errorf("%+v: %v", again, err)
		}
		info, err := os.Stat(address + signing.KeySuffix)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%v: %v", info.Mode(), err)
		}
	})
	t.Run("is made by a command", func(t *testing.T) {
		t.Parallel()
		lines := strings.Fields(must(t, "ledger", "keygen", "--origin", "utility.example/ledger"))
		if len(lines) != 2 {
			t.Fatalf("%d words", len(lines))
		}
		if made, err := signing.ReadSigner(lines[0]); err != nil || made.Verifier != lines[1] {
			t.Errorf("%v", err)
		}
		target := filepath.Join(t.TempDir(), "made")
		out := must(t, "ledger", "keygen", "--file", target, "--output", "json")
		text, err := os.ReadFile(target)
		if err != nil || strings.Contains(out, "PRIVATE+KEY+") {
			t.Fatalf("the key is printed, or not kept: %v", err)
		}
		if made, err := signing.ReadSigner(string(text)); err != nil || !strings.Contains(out, made.Verifier) {
			t.Errorf("%v", err)
		}
		if code, _, _ := command(t, "ledger", "keygen", "--file", target); code != 1 {
			t.Error("a key is overwritten")
		}
		if code, _, _ := command(t, "ledger", "keygen", "--origin", "two words"); code != 1 {
			t.Error("a name of two words is taken")
		}
	})
	t.Run("is not made where the store cannot be", func(t *testing.T) {
		t.Parallel()
		if _, err := signing.Signatory(of(filepath.Join(t.TempDir(), "no", "folder"), "", "")); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("%v", err)
		}
	})
	t.Run("verifier keys are read one by one, or from a file", func(t *testing.T) {
		t.Parallel()
		list := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(list, []byte("# of last year\n"+by.Verifier+"\n\n"+by.Verifier+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for given, want := range map[string]int{"": 0, by.Verifier: 1, list: 2} {
			if got, err := verifiers(given); err != nil || len(got) != want {
				t.Errorf("%d keys: %v", len(got), err)
			}
		}
		for _, wrong := range []string{"x", file + "x", file} {
			if _, err := verifiers(wrong); err == nil {
				t.Errorf("%s is taken", wrong)
			}
		}
	})
}

// TestLedgerServed follows an auditor: what is posted becomes a leaf that a signed checkpoint covers, later checkpoints
// go on from earlier ones, and the key is nowhere in the logs.
func TestLedgerServed(t *testing.T) {
	t.Parallel()
	address := filepath.Join(t.TempDir(), "carillon.db")
	g := serve(t, within, address, configFile(t, shut), simulate(t, within), allowed()...)
	text, err := os.ReadFile(address + signing.KeySuffix)
	if err != nil {
		t.Fatal(err)
	}
	by, err := signing.ReadSigner(string(text))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(by.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := func() ledger.Checkpoint {
		status, body, err := cli.Client{Base: g.url, Key: g.sre, HTTP: http.DefaultClient}.Do(t.Context(), http.MethodGet, "/v1/ledger/checkpoint", nil, nil)
		if err != nil || status == http.StatusNotFound {
			return ledger.Checkpoint{}
		}
		c, err := ledger.OpenCheckpoint(string(body), verifier)
		if err != nil {
			t.Errorf("%d %s: %v", status, body, err)
		}
		return c
	}
	var early ledger.Checkpoint
	eventually(t, 10*time.Second, "a checkpoint covers the start", func() bool { early = checkpoint(); return early.Tree.N > 0 })
	contact := g.post(t, g.cis, contactOf(aText, "NORTH", "PROVEN", 1))
	leaf := int64(-1)
	eventually(t, 10*time.Second, "the contact is a leaf", func() bool {
		_, got := g.get(t, g.cis, "/v1/changes?limit=1000")
		for _, change := range objects(got, "changes") {
			if entry, _ := change["entry"].(map[string]any); word(entry, "contact") == contact && word(entry, "kind") == "contact.accepted" {
				n, _ := change["number"].(float64)
				leaf = int64(n)
			}
		}
		return leaf >= 0
	})
	ask := func(key, path string, into any) int {
		status, body, err := cli.NewClient(g.url, key, 0).Do(t.Context(), http.MethodGet, path, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusOK {
			if err := json.Unmarshal(body, into); err != nil {
				t.Fatal(err)
			}
		}
		return status
	}
	var proof leafProof
	if status := ask(g.cis, fmt.Sprintf("/v1/ledger/leaves/%d", leaf), &proof); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if err := tlog.CheckRecord(proof.Proof, proof.Size, proof.Root, leaf, ledger.LeafHash(proof.Entry)); err != nil {
		t.Error(err)
	}
	if status := ask(g.cis, "/v1/ledger/leaves/0", &proof); status != http.StatusNotFound { // of no division
		t.Errorf("status %d for a leaf that is not the caller's", status)
	}
	now := checkpoint()
	var grown struct {
		FromRoot, ToRoot tlog.Hash
		Proof            tlog.TreeProof
	}
	if status := ask(g.cis, fmt.Sprintf("/v1/ledger/consistency?from=%d&to=%d", early.Tree.N, now.Tree.N), &grown); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if err := tlog.CheckTree(grown.Proof, now.Tree.N, now.Tree.Hash, early.Tree.N, early.Tree.Hash); err != nil {
		t.Error(err)
	}
	g.program.stop(t, 20*time.Second)
	logged, _ := g.program.err.all()
	if all := strings.Join(logged, "\n"); strings.Contains(all, "PRIVATE+KEY+") || !strings.Contains(all, by.Verifier) {
		t.Error("the logs hold the key, or do not name the verifier key")
	}
	if v := verifies(t, address, "--verifier", by.Verifier); !v.Intact || v.Leaves < now.Tree.N || v.Unsealed != 0 {
		t.Errorf("%+v", v)
	}
}
