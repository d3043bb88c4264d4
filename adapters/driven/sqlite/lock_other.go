//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sqlite

import (
	"os"

	"carillon/core/fault"
)

// lockFile refuses: without a lock that ends with the process, two processes could claim the same message.
func lockFile(string) (*os.File, error) {
	return nil, fault.New(fault.Misconfigured, "the embedded store runs on Linux, macOS and BSD; use PostgreSQL here")
}

func unlockFile(f *os.File) error { return f.Close() }
