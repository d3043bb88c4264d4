package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 90 * time.Second // for a server to answer, on a busy machine
	stopLimit  = 20 * time.Second // for a server to stop before it is killed
)

// errExited says that a server ended before it answered; another port may help.
var errExited = errors.New("it ended before it answered")

// account is the user a process runs as; nil is ours.
type account struct{ uid, gid uint32 }

// unprivileged returns the account for servers that refuse to run as root: nil when we are not root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil // no other account is the answer
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return nil, fmt.Errorf("reading the account %s: %w", name, err)
		}
		return &account{uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("neither the user postgres nor nobody exists, and PostgreSQL does not run as root")
}

// program is one command line.
type program struct {
	path string
	args []string
	dir  string
	env  []string // nil: ours
	as   *account
}

// command builds the process, away from our terminal, with no standard input.
func (p program) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.as.uid, Gid: p.as.gid}
	}
	return cmd
}

// output runs the program to its end and returns what it printed; on failure the error ends with its last lines.
func (p program) output(ctx context.Context) (string, error) {
	var b bytes.Buffer
	cmd := p.command(ctx)
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", p.path, err, tail(b.String()))
	}
	return b.String(), nil
}

// launch starts a server, waits until ready says so, and returns its id and start time.
func (p program) launch(ctx context.Context, log string, ready func(ctx context.Context) error) (record, error) {
	f, err := os.Create(log)
	if err != nil {
		return record{}, fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = f.Close() }()
	cmd := p.command(context.WithoutCancel(ctx)) // it outlives us
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		return record{}, fmt.Errorf("starting %s: %w", p.path, err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }()

	pid := cmd.Process.Pid
	r := record{PID: pid, Started: startOf(pid), Log: log, Signal: syscall.SIGTERM}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	last := errors.New("not asked yet")
	for last != nil {
		select {
		case <-gone:
			return record{}, fmt.Errorf("%w; its log %s ends with\n%s", errExited, log, tailOf(log))
		case <-ctx.Done():
			_ = end(r)
			return record{}, fmt.Errorf("no answer: %w (%w); its log %s ends with\n%s", last, ctx.Err(), log, tailOf(log))
		case <-time.After(50 * time.Millisecond):
			last = ready(ctx)
		}
	}
	return r, nil
}

// again repeats a start that ended early, which a port taken in between can cause.
func again(start func() (record, error)) (record, error) {
	var r record
	var err error
	for range 3 {
		if r, err = start(); !errors.Is(err, errExited) {
			break
		}
	}
	return r, err
}

// end stops the recorded process and nothing else: politely, then by force.
func end(r record) error {
	if r.PID <= 0 || !alive(r.PID, r.Started) {
		return nil
	}
	for _, sig := range []syscall.Signal{r.Signal, syscall.SIGKILL} {
		if err := syscall.Kill(r.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stopping %s (pid %d): %w", r.Name, r.PID, err)
		}
		for limit := time.Now().Add(stopLimit); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
			if !alive(r.PID, r.Started) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s (pid %d) does not stop", r.Name, r.PID)
}

// alive reports whether the process is the recorded one and not yet dead.
func alive(pid int, started string) bool { return started != "" && startOf(pid) == started }

// startOf returns the start time of a living process, empty for a dead one. Linux only.
func startOf(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // the name before it may hold anything
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19] // field 22 of proc(5)
}

// freePort returns a loopback port nobody listens on now.
func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("a listener on %v has no port", l.Addr())
	}
	return addr.Port, nil
}

// tailOf returns the last lines of a file.
func tailOf(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return tail(string(raw))
}

// tail returns the last lines of a text, indented.
func tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[max(0, len(lines)-25):]
	return "    " + strings.Join(lines, "\n    ")
}
