package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sleeper is a part whose server only sleeps: what is under test is how servers are kept, not what they are.
type sleeper struct {
	site   *site
	opened *int
}

func (sleeper) Name() string     { return "sleeper" }
func (sleeper) Variable() string { return "TEST_SLEEPER" }
func (sleeper) Needs() []need    { return nil }

func (p sleeper) Open(ctx context.Context) (record, error) {
	*p.opened++
	r, err := program{path: "sleep", args: []string{"120"}}.launch(ctx, p.site.log("sleeper"), func(context.Context) error { return nil })
	r.Value = "sleeping"
	return r, err
}

// broken is a part that cannot be installed.
type broken struct{ site *site }

func (broken) Name() string     { return "broken" }
func (broken) Variable() string { return "TEST_BROKEN" }
func (broken) Needs() []need    { return nil }

func (broken) Open(ctx context.Context) (record, error) {
	_, err := program{path: "sh", args: []string{"-c", "echo no such package; exit 3"}}.output(ctx)
	return record{}, err
}

// newSite is a site in folders of its own, with one sleeper; whatever runs at the end is stopped.
func newSite(t *testing.T) (*site, []part, *int) {
	t.Helper()
	if startOf(os.Getpid()) == "" {
		t.Skip("servers are started on Linux only")
	}
	checkout, cache := t.TempDir(), t.TempDir()
	s := &site{checkout: checkout, local: checkout, cache: cache, run: filepath.Join(cache, "run", "this"), notes: io.Discard}
	if err := makeFolder(s.run); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	opened := 0
	return s, []part{sleeper{s, &opened}}, &opened
}

// recorded returns the sleeper's record.
func recorded(t *testing.T, s *site) record {
	t.Helper()
	st, err := loadState(s.run)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := st.find("sleeper")
	return r
}

func TestUp(t *testing.T) {
	t.Run("starts once and reuses what runs", func(t *testing.T) {
		s, parts, opened := newSite(t)
		for range 2 {
			if err := s.up(t.Context(), parts, true); err != nil {
				t.Fatal(err)
			}
		}
		if *opened != 1 || !recorded(t, s).up(t.Context()) {
			t.Errorf("opened %d times, up %v; want once and up", *opened, recorded(t, s).up(t.Context()))
		}
		env, err := os.ReadFile(s.envFile())
		if err != nil || !strings.Contains(string(env), "\nTEST_SLEEPER=sleeping\n") {
			t.Errorf("the variables are %q, %v", env, err)
		}
	})
	t.Run("starts again what died", func(t *testing.T) {
		s, parts, opened := newSite(t)
		if err := s.up(t.Context(), parts, true); err != nil {
			t.Fatal(err)
		}
		if err := end(recorded(t, s)); err != nil {
			t.Fatal(err)
		}
		if err := s.status(t.Context(), io.Discard); err == nil {
			t.Error("status does not tell that it is gone")
		}
		if err := s.up(t.Context(), parts, true); err != nil || *opened != 2 || !recorded(t, s).up(t.Context()) {
			t.Errorf("opened %d times, %v", *opened, err)
		}
	})
	t.Run("takes what is given and starts nothing", func(t *testing.T) {
		s, parts, opened := newSite(t)
		given, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = given.Close() }()
		t.Setenv("TEST_SLEEPER", "http://somebody:hidden@"+given.Addr().String())
		var notes bytes.Buffer
		s.notes = &notes
		for range 2 {
			if err := s.up(t.Context(), parts, true); err != nil || *opened != 0 {
				t.Fatalf("opened %d, %v", *opened, err)
			}
		}
		if strings.Contains(notes.String(), "hidden") {
			t.Error("the password was printed")
		}
	})
	t.Run("refuses what is given when nothing answers", func(t *testing.T) {
		s, parts, _ := newSite(t)
		t.Setenv("TEST_SLEEPER", "127.0.0.1:1")
		if err := s.up(t.Context(), parts, true); err == nil || !strings.Contains(err.Error(), "TEST_SLEEPER") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("stops the servers of a checkout that is no more", func(t *testing.T) {
		s, parts, _ := newSite(t)
		lost := &site{checkout: filepath.Join(t.TempDir(), "lost"), local: t.TempDir(), run: filepath.Join(s.cache, "run", "lost"), notes: io.Discard}
		if err := makeFolder(lost.run); err != nil {
			t.Fatal(err)
		}
		opened := 0
		if err := lost.up(t.Context(), []part{sleeper{lost, &opened}}, true); err != nil {
			t.Fatal(err)
		}
		orphan := recorded(t, lost)
		if err := s.up(t.Context(), parts, true); err != nil {
			t.Fatal(err)
		}
		if orphan.up(t.Context()) || exists(lost.run) {
			t.Error("the orphan still runs, or its folder is left")
		}
	})
}

func TestDown(t *testing.T) {
	t.Run("ends only the process it recorded", func(t *testing.T) {
		s, parts, _ := newSite(t)
		if err := s.up(t.Context(), parts, true); err != nil {
			t.Fatal(err)
		}
		own := recorded(t, s)
		other := own
		other.Started = "1" // as after a reboot: the same id, another process
		if err := s.save(state{Records: []record{other}}); err != nil {
			t.Fatal(err)
		}
		if err := s.down(t.Context()); err != nil || !own.up(t.Context()) {
			t.Fatalf("the other process was ended, or %v", err)
		}
		if err := end(own); err != nil {
			t.Error(err)
		}
	})
}

func TestAround(t *testing.T) {
	t.Run("keeps the exit status and stops the servers", func(t *testing.T) {
		s, parts, _ := newSite(t)
		seen := filepath.Join(t.TempDir(), "pid")
		err := s.around(t.Context(), parts, []string{"sh", "-c", `test "$TEST_SLEEPER" = sleeping && cp "$1" "$2"; exit 7`, "sh", filepath.Join(s.run, "state.json"), seen})
		if status, ok := errors.AsType[exitError](err); !ok || status != 7 {
			t.Fatalf("got %v", err)
		}
		if !exists(seen) {
			t.Error("the command did not get the variable")
		}
		if exists(filepath.Join(s.run, "state.json")) || exists(s.envFile()) {
			t.Error("the servers are left")
		}
	})
	t.Run("tells when a part does not start, and runs nothing", func(t *testing.T) {
		s, _, _ := newSite(t)
		seen := filepath.Join(t.TempDir(), "ran")
		err := s.around(t.Context(), []part{broken{s}}, []string{"touch", seen})
		if _, ok := errors.AsType[exitError](err); ok || err == nil || !strings.Contains(err.Error(), "broken: ") || exists(seen) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("leaves what a person started", func(t *testing.T) {
		s, parts, _ := newSite(t)
		if err := s.up(t.Context(), parts, true); err != nil {
			t.Fatal(err)
		}
		if err := s.around(t.Context(), parts, []string{"true"}); err != nil || !recorded(t, s).up(t.Context()) {
			t.Errorf("gone, or %v", err)
		}
	})
	t.Run("leaves what another run uses", func(t *testing.T) {
		s, parts, _ := newSite(t)
		user, err := lock(t.Context(), filepath.Join(s.run, "users"), syscall.LOCK_SH)
		if err != nil {
			t.Fatal(err)
		}
		defer unlock(user)
		if err := s.around(t.Context(), parts, []string{"true"}); err != nil || !recorded(t, s).up(t.Context()) {
			t.Errorf("gone, or %v", err)
		}
	})
}

func TestLaunch(t *testing.T) {
	t.Run("tells why a server ended", func(t *testing.T) {
		s, _, _ := newSite(t)
		broken := program{path: "sh", args: []string{"-c", "echo the disk is full; exit 1"}}
		_, err := broken.launch(t.Context(), s.log("broken"), func(context.Context) error { return errors.New("no") })
		if !errors.Is(err, errExited) || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ends a server that never answers", func(t *testing.T) {
		s, _, _ := newSite(t)
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		_, err := program{path: "sleep", args: []string{"120"}}.launch(ctx, s.log("mute"), func(context.Context) error {
			asked++
			cancel()
			return errors.New("mute")
		})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "mute") || asked == 0 {
			t.Errorf("got %v after %d questions", err, asked)
		}
	})
}

func TestOnce(t *testing.T) {
	s, _, _ := newSite(t)
	dir, fills := filepath.Join(s.cache, "thing"), 0
	fill := func(string) error {
		fills++
		if fills == 1 {
			return errors.New("the network is down")
		}
		return nil
	}
	if err := s.once(t.Context(), dir, fill); err == nil {
		t.Error("a failed installation passed")
	}
	for range 2 {
		if err := s.once(t.Context(), dir, fill); err != nil {
			t.Error(err)
		}
	}
	if fills != 2 {
		t.Errorf("filled %d times, want 2", fills)
	}
}

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"127.0.0.1:9092": "127.0.0.1:9092",
		"postgres://a@127.0.0.1:1/b?sslmode=disable": "postgres://a@127.0.0.1:1/b?sslmode=disable",
		"a b":  "'a b'",
		"it's": `'it'\''s'`,
		"$(x)": "'$(x)'",
		"a&b":  "'a&b'",
		"":     "''",
	} {
		if got := quote(value); got != want {
			t.Errorf("quote(%q) = %s, want %s", value, got, want)
		}
	}
}

func TestReachable(t *testing.T) {
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if reachable(filepath.Join(closed, "inside", "deeper")) {
		t.Error("a folder nobody else may enter counts as reachable")
	}
	if !reachable("/usr/lib") {
		t.Error("/usr/lib counts as unreachable")
	}
}

func TestEquip(t *testing.T) {
	t.Run("names the missing packages when it may not install them", func(t *testing.T) {
		s, _, _ := newSite(t)
		t.Setenv("PATH", t.TempDir()) // no program at all, so no apt-get either
		t.Setenv("TEST_KCAT", "")
		err := s.equip(t.Context(), []part{kafka{s}, kcat{}, python{s}, postgres18(s)})
		for _, pkg := range []string{"default-jre-headless", "maven", "kcat", "python3", "python3-venv", "xz-utils"} {
			if err == nil || strings.Count(err.Error(), " "+pkg) == 0 {
				t.Errorf("%s is not named in %v", pkg, err)
			}
		}
	})
	t.Run("asks for nothing when nothing is missing", func(t *testing.T) {
		s, parts, _ := newSite(t)
		if err := s.equip(t.Context(), parts); err != nil {
			t.Error(err)
		}
	})
}

func TestTool(t *testing.T) {
	s, _, _ := newSite(t)
	t.Setenv("TEST_KCAT", "/opt/kcat")
	var out bytes.Buffer
	if err := s.tool(t.Context(), allParts(s), []string{"kcat"}, &out); err != nil || out.String() != "/opt/kcat\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if err := s.tool(t.Context(), allParts(s), []string{"postgres"}, &out); err == nil {
		t.Error("a server counts as a tool")
	}
	if !has("java") {
		return // it would be installed
	}
	folder := kafka{s}.folder()
	if err := makeFolder(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".complete"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := s.tool(t.Context(), allParts(s), []string{"kafka"}, &out); err != nil || out.String() != folder+"\n" {
		t.Errorf("of kafka it says %q, %v", out.String(), err)
	}
}
