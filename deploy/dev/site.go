package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// site is where things are: the checkout, the downloads shared by all checkouts, and this checkout's servers.
type site struct {
	checkout string // the repository's root
	local    string // .dev in it: the variables and the logs
	cache    string // the downloads
	run      string // this checkout's state and the servers' data, inside the cache

	mu    sync.Mutex
	notes io.Writer
}

// openSite finds the folders and makes those that are missing.
func openSite(notes io.Writer) (*site, error) {
	checkout, err := findCheckout()
	if err != nil {
		return nil, err
	}
	cache, err := cacheFolder()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(checkout))
	s := &site{
		checkout: checkout,
		local:    filepath.Join(checkout, ".dev"),
		cache:    cache,
		run:      filepath.Join(cache, "run", hex.EncodeToString(sum[:6])),
		notes:    notes,
	}
	for _, dir := range []string{s.local, s.cache, s.run} {
		if err := makeFolder(dir); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// findCheckout walks up from the working folder to the one that holds this program.
func findCheckout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "deploy", "dev", "doc.go")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the repository")
		}
		dir = parent
	}
}

// cacheFolder is where downloads are kept. For root it must be a place that an unprivileged user can reach.
func cacheFolder() (string, error) {
	if dir := os.Getenv("CARILLON_DEV_DIR"); dir != "" {
		dir, err := filepath.Abs(filepath.Join(dir, "carillon-dev"))
		if err == nil && os.Geteuid() == 0 && !reachable(dir) {
			err = fmt.Errorf("%s cannot be reached by an unprivileged user, and PostgreSQL does not run as root: set CARILLON_DEV_DIR to another folder", dir)
		}
		return dir, err
	}
	base, err := os.UserCacheDir() // $XDG_CACHE_HOME or ~/.cache
	if os.Geteuid() == 0 && (err != nil || !reachable(base)) {
		base, err = "/var/cache", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the cache folder (CARILLON_DEV_DIR sets it): %w", err)
	}
	return filepath.Join(base, "carillon-dev"), nil
}

// reachable reports whether everybody may pass through dir and all folders above it. What does not exist yet
// will be made so.
func reachable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// makeFolder makes dir and its parents, open to all readers whatever the umask.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("making a folder: %w", err)
	}
	return os.Chmod(dir, 0o755)
}

// data returns a fresh, empty folder for a server's data.
func (s *site) data(name string) (string, error) {
	dir := filepath.Join(s.run, "data", name)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("emptying the data folder of %s: %w", name, err)
	}
	return dir, makeFolder(dir)
}

// log is the file of a server's output.
func (s *site) log(name string) string { return filepath.Join(s.local, name+".log") }

// say prints one line of progress.
func (s *site) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.notes, format+"\n", args...)
}

// once fills dir by make the first time; a mark tells that it is complete, a lock that one process does it.
func (s *site) once(ctx context.Context, dir string, fill func(dir string) error) error {
	if complete(dir) {
		return nil
	}
	held, err := lock(ctx, dir+".lock", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(held)
	if complete(dir) {
		return nil
	}
	s.say("installing %s …", filepath.Base(dir))
	begun := time.Now()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing a half-made %s: %w", dir, err)
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return fmt.Errorf("installing %s: %w", filepath.Base(dir), err)
	}
	s.say("installed %s in %.1f s", filepath.Base(dir), time.Since(begun).Seconds())
	return os.WriteFile(filepath.Join(dir, ".complete"), nil, 0o600)
}

// complete reports whether dir was filled to the end.
func complete(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ".complete"))
	return err == nil
}

// lock waits for the file's lock, shared or exclusive; the file is made when it is missing.
func lock(ctx context.Context, path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for %s: %w", path, ctx.Err()), f.Close())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// unlock lets go; closing the file releases its lock.
func unlock(f *os.File) { _ = f.Close() }
