//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"carillon/core/fault"
)

// lockFile takes the lock that keeps a second process out; closing the file gives it back, and so does the end of
// the process, however it ends. fault.Misconfigured when another has it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "opening the lock of the store", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fault.New(fault.Misconfigured, "the embedded store is open in another process; it serves one at a time")
	} else {
		err = fault.Wrap(fault.Misconfigured, "locking the store", err)
	}
	return nil, errors.Join(err, f.Close())
}

// unlockFile gives the lock back at once: closing alone leaves it to whatever was forked meanwhile and still holds the
// descriptor.
func unlockFile(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
