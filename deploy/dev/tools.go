package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kcat is a Kafka client that is not ours: the witness of what is on a topic.
type kcat struct{}

func (kcat) Name() string     { return "kcat" }
func (kcat) Variable() string { return "TEST_KCAT" }
func (kcat) Needs() []need    { return []need{{"kcat", has("kcat")}} }

// path is the given or the found program.
func (kcat) path() string {
	found, _ := exec.LookPath("kcat")
	return cmp.Or(os.Getenv("TEST_KCAT"), found, "kcat")
}

// Open tells its path.
func (k kcat) Open(context.Context) (record, error) { return record{Value: k.path()}, nil }

// promtool checks the alert rules. Debian has it in the package of the server, which would start the server: the
// package is unpacked, not installed.
type promtool struct{ site *site }

func (promtool) Name() string     { return "promtool" }
func (promtool) Variable() string { return "TEST_PROMTOOL" }
func (promtool) Needs() []need    { return nil }

// Open tells its path.
func (p promtool) Open(ctx context.Context) (record, error) {
	if found, err := exec.LookPath("promtool"); err == nil {
		return record{Value: found}, nil
	}
	dir := filepath.Join(p.site.cache, "promtool")
	err := p.site.once(ctx, dir, func(dir string) error {
		if !has("apt-get") {
			return errors.New("put promtool, which comes with Prometheus, on the path")
		}
		download := program{path: "apt-get", args: []string{"-q", "download", "prometheus"}, dir: dir}
		if _, err := download.output(ctx); err != nil {
			if err := p.site.refreshPackages(ctx); err != nil {
				return err
			}
			if err := thrice(ctx, download); err != nil {
				return err
			}
		}
		packages, err := filepath.Glob(filepath.Join(dir, "prometheus_*.deb"))
		if err != nil || len(packages) != 1 {
			return fmt.Errorf("apt-get download left %d packages", len(packages))
		}
		if _, err := (program{path: "dpkg-deb", args: []string{"-x", packages[0], dir}}).output(ctx); err != nil {
			return err
		}
		return os.Remove(packages[0])
	})
	return record{Value: filepath.Join(dir, "usr", "bin", "promtool")}, err
}

// tool prints the path of one tool, after getting it when it is missing; of kafka it is the folder of jars, for tests
// that start a broker of their own.
func (s *site) tool(ctx context.Context, parts []part, names []string, out io.Writer) error {
	for _, p := range parts {
		switch p := p.(type) {
		case kafka:
			if !slices.Equal(names, []string{p.Name()}) {
				continue
			}
			if err := errors.Join(s.equip(ctx, []part{p}), p.install(ctx)); err != nil {
				return err
			}
			_, err := fmt.Fprintln(out, p.folder())
			return err
		case kcat, promtool, python:
		default:
			continue // a server
		}
		if !slices.Equal(names, []string{p.Name()}) {
			continue
		}
		path := os.Getenv(p.Variable())
		if path == "" {
			if err := s.equip(ctx, []part{p}); err != nil {
				return err
			}
			r, err := p.Open(ctx)
			if err != nil {
				return err
			}
			path = r.Value
		}
		_, err := fmt.Fprintln(out, path)
		return err
	}
	return errors.New("tool: give one of kafka, kcat, promtool, python")
}

// equip installs the missing Debian packages of the parts, or says which they are.
func (s *site) equip(ctx context.Context, parts []part) error {
	var missing []string
	for _, p := range parts {
		for _, n := range p.Needs() {
			if !n.met && !slices.Contains(missing, n.pkg) {
				missing = append(missing, n.pkg)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	line := "apt-get install -y --no-install-recommends " + strings.Join(missing, " ")
	if os.Geteuid() != 0 || !has("apt-get") {
		return fmt.Errorf("these Debian packages are missing; as root, say\n    %s", line)
	}
	if err := s.refreshPackages(ctx); err != nil {
		return err
	}
	s.say("%s", line)
	return thrice(ctx, program{
		path: "apt-get", env: append(os.Environ(), "DEBIAN_FRONTEND=noninteractive"),
		args: append([]string{"-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", "install"}, missing...),
	})
}

// refreshPackages fetches the package lists, one process at a time.
func (s *site) refreshPackages(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("the package lists are missing or old; as root, say apt-get update")
	}
	held, err := lock(ctx, filepath.Join(s.cache, "apt.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(held)
	return thrice(ctx, program{path: "apt-get", args: []string{"-q", "update"}})
}

// maven runs one goal.
func maven(ctx context.Context, dir string, args ...string) error {
	return thrice(ctx, program{path: "mvn", args: append([]string{"-q", "-B"}, args...), dir: dir})
}

// thrice runs a program that fetches something; networks fail now and then.
func thrice(ctx context.Context, p program) error {
	var err error
	for try := range 3 {
		if _, err = p.output(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try+1) * 2 * time.Second):
		}
	}
	return err
}

// works reports whether the program runs and succeeds.
func (p program) works() bool { return p.command(context.Background()).Run() == nil }
