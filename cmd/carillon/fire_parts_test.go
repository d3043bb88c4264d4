package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// server is a server of the test's own, that it may stop and start as it likes. Its data outlive it.
type server struct {
	name    string
	address string
	command func() *exec.Cmd
	ready   func(ctx context.Context) error
	polite  syscall.Signal
	log     string

	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts it and waits until it answers.
func (s *server) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd, s.ended = s.command(), make(chan struct{})
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", s.name, err)
	}
	go func(cmd *exec.Cmd, ended chan struct{}) { _ = cmd.Wait(); close(ended) }(s.cmd, s.ended)
	eventually(t, 90*time.Second, s.name+" answers", func() bool {
		select {
		case <-s.ended:
			text, _ := os.ReadFile(s.log)
			t.Fatalf("%s ended: %s", s.name, text[max(0, len(text)-2000):])
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return s.ready(ctx) == nil
	})
}

// stop ends the process that start started, by its id.
func (s *server) stop(t *testing.T, how syscall.Signal) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(how) // it may have ended
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill() // as above
		<-s.ended
	}
}

// missing skips the fire, or fails where real parts are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CARILLON_REAL_PARTS") == "required" {
		t.Fatal("CARILLON_REAL_PARTS=required: " + what)
	}
	t.Skip(what)
}

// freePort is a loopback port that nobody listens on now, below those that outgoing connections take: who listens there
// may stop, and listen again.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		// The port of the same number for datagrams is kept as long as the test runs: nobody else of ours draws it.
		kept, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = kept.Close() })
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = l.Close() // its number is all that is wanted
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// ownPostgres starts a PostgreSQL of the test's own, of the version that TEST_POSTGRES_URL has; url is its database.
func ownPostgres(t *testing.T) (s *server, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), parttest.RealPart(t, "TEST_POSTGRES_URL"))
	if err != nil {
		t.Fatal(err)
	}
	var bin string
	err = errors.Join(conn.QueryRow(t.Context(), "select setting from pg_config where name = 'BINDIR'").Scan(&bin), conn.Close(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
		missing(t, "the PostgreSQL of TEST_POSTGRES_URL is not on this machine: a server of one's own cannot be started")
	}
	dir, as := dataFolder(t)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: as}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if text, err := run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, text)
	}
	port := freePort(t)
	url = "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable"
	s = &server{
		name: "PostgreSQL", address: "127.0.0.1:" + port, polite: syscall.SIGINT, log: filepath.Join(t.TempDir(), "postgres.log"),
		command: func() *exec.Cmd {
			return run("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
				"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "fsync=on", "-c", "timezone=UTC", "-c", "autovacuum_naptime=5s")
		},
		ready: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
	}
	s.start(t)
	t.Cleanup(func() { s.stop(t, syscall.SIGQUIT) })
	return s, url
}

// dataFolder is a folder for servers that refuse to run as root, with whom they run as instead; nil: as ourselves.
func dataFolder(t *testing.T) (string, *syscall.Credential) {
	t.Helper()
	dir, err := os.MkdirTemp("", "carillon-fire-") //nolint:usetesting // another user must be able to reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() != 0 {
		return dir, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
		return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	missing(t, "neither the user postgres nor nobody exists, and PostgreSQL does not run as root")
	return "", nil
}

// ownKafka starts an Apache Kafka of the test's own that says it is at the advertised address.
func ownKafka(t *testing.T, advertised string) *server {
	t.Helper()
	parttest.RealPart(t, "TEST_KAFKA_BROKERS")
	tool := exec.CommandContext(t.Context(), "go", "run", "./deploy/dev", "tool", "kafka")
	tool.Dir = filepath.Join("..", "..")
	folder, err := tool.Output()
	if err != nil {
		t.Skipf("no Kafka of one's own: %v", err)
	}
	dir := t.TempDir()
	address, controller := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	properties := filepath.Join(dir, "server.properties")
	text := strings.NewReplacer("BROKER", address, "ADVERTISED", advertised, "CONTROLLER_AT", controller, "DATA", filepath.Join(dir, "log")).Replace(`
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@CONTROLLER_AT
listeners=PLAINTEXT://BROKER,CONTROLLER://CONTROLLER_AT
advertised.listeners=PLAINTEXT://ADVERTISED
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=DATA
num.partitions=6
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
`)
	if err := os.WriteFile(properties, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	java := func(class string, args ...string) *exec.Cmd {
		flags := []string{
			"-Xms128m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
			"-cp", filepath.Join(strings.TrimSpace(string(folder)), "libs", "*"), class,
		}
		return exec.CommandContext(context.Background(), "java", append(flags, args...)...)
	}
	id, err := java("kafka.tools.StorageTool", "random-uuid").Output()
	if err != nil {
		t.Fatalf("random-uuid: %v", err)
	}
	if text, err := java("kafka.tools.StorageTool", "format", "-t", strings.TrimSpace(string(id)), "-c", properties).CombinedOutput(); err != nil {
		t.Fatalf("formatting Kafka's store: %v: %s", err, text)
	}
	s := &server{
		name: "Kafka", address: address, polite: syscall.SIGTERM, log: filepath.Join(dir, "kafka.log"),
		command: func() *exec.Cmd { return java("kafka.Kafka", properties) },
		ready: func(ctx context.Context) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}
	s.start(t)
	t.Cleanup(func() { s.stop(t, syscall.SIGKILL) })
	return s
}

// link is a connection between two real processes that can be cut, slowed and reset.
type link struct {
	name  string
	proxy *toxiproxy.Proxy
	at    string
}

// newLinks makes links.
func newLinks(t *testing.T) func(name, upstream string) *link {
	t.Helper()
	hub := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	return func(name, upstream string) *link {
		l := &link{name: name, at: "127.0.0.1:" + freePort(t)}
		l.proxy = toxiproxy.NewProxy(hub, name, l.at, upstream)
		l.join(t)
		t.Cleanup(l.proxy.Stop)
		return l
	}
}

// cut ends every connection and refuses new ones, until join.
func (l *link) cut() { l.proxy.Stop() }

// join takes connections again.
func (l *link) join(t *testing.T) {
	t.Helper()
	var err error
	for range 50 { // the port may be in the last moments of its earlier life
		if err = l.proxy.Start(); err == nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("joining the link %s: %v", l.name, err)
}

// spoil lays a toxic on what flows back to the caller, until heal.
func (l *link) spoil(t *testing.T, kind, attributes string) {
	t.Helper()
	text := fmt.Sprintf(`{"name":%q,"type":%q,"stream":"downstream","attributes":%s}`, kind, kind, attributes)
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		t.Fatalf("spoiling the link %s: %v", l.name, err)
	}
}

func (l *link) heal() { l.proxy.Toxics.ResetToxics(context.Background()) }

// url is an address through the link.
func (l *link) url() string { return "http://" + l.at }
