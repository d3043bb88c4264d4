package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"
)

// part is one thing the tests need: a server that is started, or a tool whose path is told.
type part interface {
	// Name is its word in messages, in the state and in the log's file name.
	Name() string
	// Variable is the environment variable that tells the tests where it is.
	Variable() string
	// Needs lists what it wants from the distribution.
	Needs() []need
	// Open installs it when it is not in the cache yet, starts it, and returns once it answers.
	Open(ctx context.Context) (record, error)
}

// need is a Debian package, and whether its part can do without.
type need struct {
	pkg string
	met bool
}

// allParts lists the parts, in the order of the variables.
func allParts(s *site) []part {
	return []part{
		postgres18(s), postgres15(s), kafka{s}, moto{s}, python{s}, clients{s}, kcat{}, promtool{s},
	}
}

// has reports whether a program is on the path.
func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// exists reports whether a file is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// reach checks that something given from outside is there: an address answers, a path exists.
func reach(ctx context.Context, value string) error {
	if strings.HasPrefix(value, "/") {
		_, err := os.Stat(value)
		return err // it names the path
	}
	host, _, _ := strings.Cut(value, ",")
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		host = u.Host
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		return nil // a form that we do not read, such as "host=… port=…": left to the tests
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return fmt.Errorf("nothing answers: %w", err)
	}
	return conn.Close() // the connection was only a question
}

// masked hides a password in an address.
func masked(value string) string {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return value
}
