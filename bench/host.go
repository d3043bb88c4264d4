package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/store"
)

// ground is what the sections with processes stand on: the binary, a double of SNS, a folder for what processes write.
type ground struct {
	options Options
	folder  string
	binary  string
	double  *double
}

// withHost measures subjects that need processes.
func withHost(subjects func(*Gateway, *ground) []Subject) func(context.Context, *Gateway, string) ([]Result, error) {
	return func(ctx context.Context, g *Gateway, section string) (results []Result, err error) {
		gr, err := openGround(ctx, g.options)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, gr.Close()) }()
		return inTurn(ctx, g.options, section, subjects(g, gr))
	}
}

// openGround builds the gateway as `make build` does and starts the double.
func openGround(ctx context.Context, o Options) (*ground, error) {
	folder, err := os.MkdirTemp("", "carillon-bench-")
	if err != nil {
		return nil, err
	}
	gr := &ground{options: o, folder: folder, binary: filepath.Join(folder, "carillon")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", gr.binary, "./cmd/carillon")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("building the gateway: %w\n%s", err, said), os.RemoveAll(folder))
	}
	if gr.double, err = openDouble(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return gr, nil
}

// Close ends the double and removes the folder.
func (gr *ground) Close() error { return errors.Join(gr.double.Close(), os.RemoveAll(gr.folder)) }

// Host is a gateway of its own: a database, a process when it is started, and a key to it. Its Gateway fills and reads the
// same database from here.
type Host struct {
	*Gateway

	ground  *ground
	key     string
	address string
	look    string // where it serves profiles, when they are asked for
	cmd     *exec.Cmd
	log     *os.File
}

// openHost makes a database with a key and a configuration, and no process yet.
func (gr *ground) openHost(ctx context.Context, d config.Document) (h *Host, err error) {
	db, err := createDatabase(ctx, gr.options.URL)
	if err != nil {
		return nil, err
	}
	g, err := openGateway(ctx, db, gr.options)
	if err != nil {
		return nil, errors.Join(err, db.Drop())
	}
	h = &Host{Gateway: g, ground: gr}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	p := principal()
	h.key, p.Hash = access.NewKey(random)
	p.CreatedAt = clock()
	verdicts, err := g.store.Apply(ctx, store.Writes{Admin: &store.AdminWrites{Principals: []access.Principal{p}}})
	if err := errors.Join(err, allApplied(verdicts)); err != nil {
		return h, err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return h, err
	}
	return h, os.WriteFile(h.file("yaml"), text, 0o600) // JSON is YAML
}

func (h *Host) file(kind string) string { return filepath.Join(h.ground.folder, h.db.name+"."+kind) }

// Start runs the gateway on the database until Stop, and returns when it serves.
func (h *Host) Start(ctx context.Context) error {
	var err error
	if h.address, err = freePort(); err != nil {
		return err
	}
	if h.look = ""; h.options.Profile != "" {
		if h.look, err = freePort(); err != nil {
			return err
		}
	}
	if h.log, err = os.Create(h.file("log")); err != nil {
		return err
	}
	aws := "http://" + h.ground.double.address()
	cmd := exec.Command(h.ground.binary, "serve", "--store", h.db.URL, "--listen", h.address, "--environment", "test", "--allow", "+1*", //nolint:gosec,noctx // ours; Stop ends it
		"--first-config", h.file("yaml"), "--letters-schedule", "", "--profiles", h.look, "--sns-endpoint", aws, "--sns-region", "us-east-1", "--sns-access-key", "bench",
		"--sns-secret-key", "bench", "--ses-endpoint", aws, "--ses-region", "us-east-1", "--ses-access-key", "bench", "--ses-secret-key", "bench")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.ground.folder, "AWS_EC2_METADATA_DISABLED=true"}
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // should this program be killed
	if err := cmd.Start(); err != nil {
		return err
	}
	h.cmd = cmd
	return h.ready(ctx)
}

// freePort is an address of this machine that nobody listens on now.
func freePort() (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once: only its port is wanted
	if err != nil {
		return "", err
	}
	return free.Addr().String(), free.Close()
}

// ready waits until the gateway says that it is.
func (h *Host) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(req); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the gateway does not serve: %s", h.last())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// last is the end of what the gateway said.
func (h *Host) last() string {
	text, _ := os.ReadFile(h.file("log"))
	return string(text[max(0, len(text)-2000):])
}

// Stop ends the process, which settles what is under way.
func (h *Host) Stop() error {
	if h.cmd == nil {
		return nil
	}
	stuck := time.AfterFunc(20*time.Second, func() { _ = h.cmd.Process.Kill() })
	defer stuck.Stop()
	err := h.cmd.Process.Signal(syscall.SIGTERM)
	if ended := h.cmd.Wait(); ended != nil {
		err = errors.Join(err, fmt.Errorf("the gateway ended: %w: %s", ended, h.last()))
	}
	h.cmd = nil
	return errors.Join(err, h.log.Close())
}

// Close ends the process and drops the database.
func (h *Host) Close() error { return errors.Join(h.Stop(), h.Gateway.Close(), h.db.Drop()) }

// run lets work run against the clocks, the process's too; under a CPU profile of the process when profiles are asked for.
func (h *Host) run(ctx context.Context, name string, rows int, work func() error) (Sample, error) {
	m, err := startMeter(ctx, h.db, h.cmd.Process.Pid)
	if err != nil {
		return Sample{}, err
	}
	profiled := make(chan error, 1)
	go func() { profiled <- h.profile(ctx, name) }()
	if err := work(); err != nil {
		return Sample{}, fmt.Errorf("%w: %s", err, h.last())
	}
	s, err := m.Stop(ctx, rows)
	return s, errors.Join(err, <-profiled)
}

// profiledFor is how long a process is profiled from the start of a run, be it shorter or longer.
const profiledFor = 5 * time.Second

// profile keeps a CPU profile of the process.
func (h *Host) profile(ctx context.Context, name string) (err error) {
	if h.look == "" {
		return nil
	}
	address := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", h.look, int(profiledFor.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	f, err := os.Create(filepath.Join(h.options.Profile, name+".prof"))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, answer.Body)
	return errors.Join(err, f.Close())
}

// resident is the memory that a process holds now, and has held at most, in MiB.
func resident(pid int) (now, most float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for l := range strings.Lines(string(text)) {
		var kib float64
		if n, _ := fmt.Sscanf(l, "VmRSS: %f kB", &kib); n == 1 {
			now = kib / 1024
		}
		if n, _ := fmt.Sscanf(l, "VmHWM: %f kB", &kib); n == 1 {
			most = kib / 1024
		}
	}
	return now, most
}
