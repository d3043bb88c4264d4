package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/demo"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/message"
	"carillon/core/plan"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){name: main, demo.Name: func() {
		os.Exit(demo.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}})
}

// programOf is which of the two programs a command is of: the test's own binary is either, by the name under which it is
// started, so that what is tested is what was compiled.
func programOf(args []string) (name0 string, run func(ctx context.Context, args []string, out, errOut io.Writer) int) {
	if args[0] == "run" || args[0] == "simulate" {
		return demo.Name, demo.Main
	}
	return name, Main
}

// lines collects what a program prints, for readers that wait.
type lines struct {
	mu   sync.Mutex
	text []string
	rest []byte
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			break
		}
		l.text = append(l.text, string(l.rest[:i]))
		l.rest = l.rest[i+1:]
	}
	close(l.more)
	l.more = make(chan struct{})
	return len(p), nil
}

func (l *lines) all() ([]string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.text...), l.more
}

// tail is the end of it, for the log of a failed test.
func (l *lines) tail(n int) string {
	text, _ := l.all()
	return strings.Join(text[max(0, len(text)-n):], "\n")
}

// warnings are the first lines of level WARN or above.
func (l *lines) warnings(n int) string {
	text, _ := l.all()
	text = slices.DeleteFunc(text, func(line string) bool {
		return !strings.Contains(line, `"level":"WARN"`) && !strings.Contains(line, `"level":"ERROR"`)
	})
	return strings.Join(text[:min(n, len(text))], "\n")
}

// program is a carillon that runs: a process of its own, or a goroutine of the test.
type program struct {
	what     string
	out, err *lines
	ended    chan struct{}
	code     int // once it has ended
	signal   func(os.Signal) error
}

// launch starts carillon.
type launch func(t *testing.T, env []string, args ...string) *program

// spawn starts it as a process.
func spawn(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return started(t, self, env, args)
}

// spawnOf starts another build of it as a process.
func spawnOf(binary string) launch {
	return func(t *testing.T, env []string, args ...string) *program {
		t.Helper()
		return started(t, binary, env, args)
	}
}

func started(t *testing.T, binary string, env, args []string) *program {
	t.Helper()
	p := &program{what: args[0], out: newLines(), err: newLines(), ended: make(chan struct{})}
	name0, _ := programOf(args)
	cmd := &exec.Cmd{Path: binary, Args: append([]string{name0}, args...)}
	cmd.Stdout, cmd.Stderr = p.out, p.err
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CARILLON_") && !strings.HasPrefix(e, "AWS_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting carillon %s: %v", args[0], err)
	}
	p.signal = cmd.Process.Signal
	go func() {
		_ = cmd.Wait() // the exit status says it
		p.code = cmd.ProcessState.ExitCode()
		close(p.ended)
	}()
	p.atEnd(t)
	return p
}

// within starts it in the test's own process; it can be stopped, not killed.
func within(t *testing.T, _ []string, args ...string) *program {
	t.Helper()
	p := &program{what: args[0], out: newLines(), err: newLines(), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	p.signal = func(os.Signal) error { cancel(); return nil }
	go func() {
		_, run := programOf(args)
		p.code = run(ctx, args, p.out, p.err)
		cancel()
		close(p.ended)
	}()
	p.atEnd(t)
	return p
}

// atEnd stops it with the test, and shows what it logged when the test failed.
func (p *program) atEnd(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		select {
		case <-p.ended:
		default:
			_ = p.signal(syscall.SIGTERM) // it may have ended meanwhile
		}
		select {
		case <-p.ended:
		case <-time.After(30 * time.Second):
			_ = p.signal(syscall.SIGKILL) // it may have ended meanwhile
			t.Errorf("carillon %s did not stop", p.what)
		}
		if t.Failed() {
			t.Logf("what carillon %s warned of, and the end of what it logged:\n%s\n%s", p.what, p.err.warnings(40), p.err.tail(20))
		}
	})
}

// stop asks it to stop and returns its exit status.
func (p *program) stop(t *testing.T, within time.Duration) int {
	t.Helper()
	if err := p.signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stopping carillon %s: %v", p.what, err)
	}
	select {
	case <-p.ended:
		return p.code
	case <-time.After(within):
		_ = p.signal(syscall.SIGQUIT) // it may have ended just now; else it says where it hangs
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
		}
		t.Fatalf("carillon %s did not stop within %s:\n%s", p.what, within, p.err.tail(400))
		return -1
	}
}

// kill ends it at once, as a power cut does.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.signal(syscall.SIGKILL); err != nil {
		t.Fatalf("killing carillon %s: %v", p.what, err)
	}
	<-p.ended
}

// waitJSON waits for a line that is a JSON object and fits.
func (p *program) waitJSON(t *testing.T, l *lines, fits func(map[string]any) bool) map[string]any {
	t.Helper()
	bound := time.After(60 * time.Second)
	for seen := 0; ; {
		text, more := l.all()
		for ; seen < len(text); seen++ {
			var object map[string]any
			if json.Unmarshal([]byte(text[seen]), &object) == nil && fits(object) {
				return object
			}
		}
		select {
		case <-more:
		case <-p.ended:
			if now, _ := l.all(); len(now) == seen {
				t.Fatalf("carillon %s ended with %d:\n%s", p.what, p.code, p.err.tail(20))
			}
		case <-bound:
			t.Fatalf("carillon %s does not say what is waited for:\n%s", p.what, p.err.tail(20))
		}
	}
}

// command runs a command to its end, in process, and returns what it printed.
func command(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	_, run := programOf(args)
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := command(t, args...)
	if code != 0 {
		t.Fatalf("carillon %s: status %d: %s%s", strings.Join(args[:min(2, len(args))], " "), code, out, errOut)
	}
	return out
}

// eventually waits until a condition holds.
func eventually(t *testing.T, bound time.Duration, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	over := time.After(bound)
	for !holds() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not within %s: %s", bound, what)
		}
	}
}

// configFile writes a configuration file: the shipped one with open hours, changed as the test wants it.
func configFile(t *testing.T, change func(d *config.Document)) string {
	t.Helper()
	d, err := confkeeper.ParseDocument(confkeeper.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Divisions {
		d.Divisions[i].Windows = map[message.Channel]consent.Window{
			message.SMS: {Opens: "00:00", Closes: "24:00"}, message.Voice: {Opens: "00:00", Closes: "24:00"},
		}
	}
	if change != nil {
		change(&d)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.yaml") // JSON is YAML
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// patience sets how long routes wait for reports.
func patience(receipt, hold time.Duration) func(*config.Document) {
	return func(d *config.Document) {
		for i := range d.Routes {
			d.Routes[i].Receipt, d.Routes[i].Hold = plan.Span(receipt), plan.Span(hold)
		}
	}
}

// ringing sets how long a call may be dialled.
func ringing(expires time.Duration) func(*config.Document) {
	return func(d *config.Document) {
		for i := range d.Routes {
			if d.Routes[i].Channel == message.Voice {
				d.Routes[i].Expires = plan.Span(expires)
			}
		}
	}
}

// providers are simulated providers that run.
type providers struct {
	*program
	Control, SNS, SES, Dialer string
	Kafka                     []string
	certificate, records      string
	trust                     string // where subscriptions are confirmed
	status, inbound, email    string
}

// simulate starts the simulators on free ports, calm, in a folder of their own.
func simulate(t *testing.T, start launch, args ...string) *providers {
	t.Helper()
	const free = "127.0.0.1:0"
	args = append([]string{
		"simulate", "--listen", free, "--sns", free, "--ses", free, "--dialer", free, "--kafka", free,
		"--profile", "calm", "--data", t.TempDir(), "--key", "dialer-secret", "--gateway", "http://127.0.0.1:1",
	}, args...)
	p := start(t, nil, args...)
	ready := p.waitJSON(t, p.out, func(o map[string]any) bool { return o["event"] == "ready" })
	urls, _ := ready["urls"].(map[string]any)
	s := &providers{
		program: p, Control: word(urls, "control"), SNS: word(urls, "sns"), SES: word(urls, "ses"), Dialer: word(urls, "dialer"),
		certificate: word(ready, "certificate"), records: word(ready, "records"),
		trust: word(urls, "sns"), status: word(ready, "smsStatusTopic"), inbound: word(ready, "smsInboundTopic"), email: word(ready, "emailTopic"),
	}
	brokers, _ := urls["kafka"].([]any)
	for _, b := range brokers {
		s.Kafka = append(s.Kafka, b.(string))
	}
	return s
}

// wiring are the flags of a gateway that speaks to the simulators.
func (s *providers) wiring() []string {
	args := []string{
		"--sns-endpoint", s.SNS, "--sns-region", "us-east-1", "--sns-access-key", "test", "--sns-secret-key", "test",
		"--ses-endpoint", s.SES, "--ses-region", "us-east-1", "--ses-access-key", "test", "--ses-secret-key", "test",
		"--dialer-url", s.Dialer, "--dialer-key", "dialer-secret",
		"--hooks-email-topic", s.email, "--hooks-sms-status-topic", s.status, "--hooks-sms-inbound-topic", s.inbound,
		"--hooks-trust-file", s.certificate, "--hooks-trust-endpoint", s.trust,
	}
	if len(s.Kafka) > 0 {
		args = append(args, "--kafka-brokers", strings.Join(s.Kafka, ","))
	}
	return args
}

// control gives an order to the simulators.
func (s *providers) control(t *testing.T, method, path string, body any) {
	t.Helper()
	status, answer, err := cli.NewClient(s.Control, "", 0).Do(t.Context(), method, path, nil, body)
	if err != nil || status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %s %v", method, path, status, answer, err)
	}
}

// record is a line of the simulators' records, as an independent reader sees it.
type record struct {
	At        time.Time `json:"at"`
	Op        string    `json:"op"`
	ID        string    `json:"id"`
	Reference string    `json:"reference"`
	Key       string    `json:"key"`
	To        []string  `json:"to"`
	Content   string    `json:"content"`
	Outcome   string    `json:"outcome"`
}

// readRecords reads the file of a simulator; a last line that is being written is passed over.
func readRecords(t *testing.T, folder, simulator string) []record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, simulator+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for line := range bytes.Lines(text) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break
			}
			t.Fatalf("a record of %s: %v", simulator, err)
		}
		all = append(all, r)
	}
	return all
}

// reached counts what was taken: texts and emails by recipient and content, calls and letters by their stable id.
func reached(t *testing.T, folder string) map[string]map[string]int {
	t.Helper()
	out := map[string]map[string]int{"sms": {}, "email": {}, "voice": {}, "letter": {}}
	for _, r := range readRecords(t, folder, "sns") {
		if r.Op == "publish" && r.Outcome == "accepted" {
			out["sms"][strings.Join(r.To, ",")+" "+r.Content]++
		}
	}
	for _, r := range readRecords(t, folder, "ses") {
		if r.Op == "send" && r.Outcome == "accepted" {
			out["email"][strings.Join(r.To, ",")+" "+r.Content]++
		}
	}
	for _, r := range readRecords(t, folder, "dialer") {
		if (r.Op == "dial" || r.Op == "lease") && r.Outcome == "accepted" {
			out["voice"][r.Reference]++
		}
	}
	for _, r := range readRecords(t, folder, "dms") {
		if r.Op == "letter" && r.Outcome == "accepted" {
			out["letter"][r.ID]++
		}
	}
	return out
}

// nobodyTwice fails when something was taken more often than once.
func nobodyTwice(t *testing.T, taken map[string]map[string]int) {
	t.Helper()
	for channel, counts := range taken {
		for what, n := range counts {
			if n > 1 {
				t.Errorf("%s made %d times: %s", channel, n, what)
			}
		}
	}
}

// instance is a carillon serve that runs, or did.
type instance struct {
	*program
	start launch
	env   []string
	args  []string
	store string
	url   string
	cis   string // key of role cis, source cis, both divisions
	sre   string // key of roles sre, supervisor and admin
	call  string // key of role dialer, vendor belltower
}

// serve starts a gateway with keys on a store; with simulators, it is wired to them and they report to it.
func serve(t *testing.T, start launch, store, file string, sims *providers, args ...string) *instance {
	t.Helper()
	g := &instance{start: start, store: store}
	g.cis = g.key(t, "cis", "cis", "NORTH", "SOUTH")
	g.sre = g.key(t, "ops", "sre,supervisor,admin", "*")
	g.call = g.key(t, "belltower", "dialer", "NORTH", "SOUTH")
	g.args = []string{"--store", store, "--first-config", file, "--letters-schedule", ""}
	if sims != nil {
		g.args = append(g.args, sims.wiring()...)
	}
	g.args = append(g.args, args...)
	g.run(t, "127.0.0.1:0")
	if sims != nil {
		hooks := g.url + "/v1/hooks/sns"
		sims.control(t, http.MethodPut, "/control/hooks", map[string]any{
			"smsStatus": hooks, "smsInbound": hooks, "email": hooks, "calls": g.url, "callsKey": g.call,
		})
	}
	return g
}

// run starts the gateway and waits until it is ready.
func (g *instance) run(t *testing.T, listen string) {
	t.Helper()
	g.program = g.start(t, g.env, append([]string{"serve", "--listen", listen}, g.args...)...)
	serving := g.waitJSON(t, g.program.err, func(o map[string]any) bool { return o["msg"] == "serving" })
	g.url = "http://" + word(serving, "address")
	eventually(t, 30*time.Second, "readyz answers 200", func() bool {
		status, _ := g.get(t, "", "/readyz")
		return status == http.StatusOK
	})
}

// again starts the gateway anew at the same address.
func (g *instance) again(t *testing.T) {
	t.Helper()
	g.run(t, strings.TrimPrefix(g.url, "http://"))
}

// key makes a key, on a store that nobody has open when it is a file.
func (g *instance) key(t *testing.T, source, roles string, divisions ...string) string {
	t.Helper()
	args := []string{"key", "create", "--store", g.store, "--source", source}
	args = append(args, "--role", roles)
	for _, d := range divisions {
		args = append(args, "--division", d)
	}
	args = append(args, "--name", fmt.Sprintf("%s-%d", source, time.Now().UnixNano()))
	return strings.TrimSpace(must(t, args...))
}

// ask makes a request and reads a JSON answer.
func (g *instance) ask(t *testing.T, key, method, path string, header map[string]string, body any) (int, map[string]any) {
	t.Helper()
	status, text, err := cli.NewClient(g.url, key, 0).Do(t.Context(), method, path, header, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	var object map[string]any
	_ = json.Unmarshal(text, &object) // an answer without a body is no object
	return status, object
}

func (g *instance) get(t *testing.T, key, path string) (int, map[string]any) {
	t.Helper()
	return g.ask(t, key, http.MethodGet, path, nil, nil)
}

// post posts a contact that has to be accepted, and returns its number.
func (g *instance) post(t *testing.T, key string, request map[string]any) string {
	t.Helper()
	status, answer := g.ask(t, g.cis, http.MethodPost, "/v1/contacts", map[string]string{"Idempotency-Key": key}, request)
	if status != http.StatusAccepted {
		t.Fatalf("posting %s: %d %v", key, status, answer)
	}
	return word(answer, "contact")
}

// messages are the messages of a contact.
func (g *instance) messages(t *testing.T, contact string) []map[string]any {
	t.Helper()
	status, answer := g.get(t, g.sre, "/v1/contacts/"+contact)
	if status != http.StatusOK {
		t.Fatalf("reading contact %s: %d %v", contact, status, answer)
	}
	return objects(answer, "messages")
}

// first waits until the contact's first message has the outcome, and returns it.
func (g *instance) first(t *testing.T, contact, outcome string, bound time.Duration) map[string]any {
	t.Helper()
	var m map[string]any
	over := time.After(bound)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if all := g.messages(t, contact); len(all) > 0 {
			if m = all[0]; m["outcome"] == outcome {
				return m
			}
		}
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("contact %s is not %s within %s: %v", contact, outcome, bound, m)
		}
	}
}

// letters runs LTRPRT now.
func (g *instance) letters(t *testing.T) map[string]any {
	t.Helper()
	status, run := g.ask(t, g.sre, http.MethodPost, "/v1/batches/LTRPRT/runs", nil, nil)
	if status != http.StatusOK {
		t.Fatalf("running LTRPRT: %d %v", status, run)
	}
	return run
}

// follower follows the ledger, as a CIS would, and knows where every message is.
type follower struct {
	next     int64
	accepted map[string]bool     // contacts
	moved    map[string][]string // message → the outcomes it went through
}

func newFollower() *follower {
	return &follower{accepted: map[string]bool{}, moved: map[string][]string{}}
}

// read reads what is new.
func (f *follower) read(t *testing.T, g *instance) {
	t.Helper()
	for {
		status, page := g.get(t, g.sre, fmt.Sprintf("/v1/changes?from=%d&limit=1000", f.next))
		if status != http.StatusOK {
			t.Fatalf("reading changes: %d %v", status, page)
		}
		changes := objects(page, "changes")
		for _, c := range changes {
			entry, _ := c["entry"].(map[string]any)
			switch id := word(entry, "message"); word(entry, "kind") {
			case "contact.accepted", "step.started": // they name the message that they start
				if word(entry, "kind") == "contact.accepted" {
					f.accepted[word(entry, "contact")] = true
				}
				if id != "" {
					f.moved[id] = append([]string{"pending"}, f.moved[id]...)
				}
			case "message.moved":
				f.moved[id] = append(f.moved[id], word(entry, "outcome"))
			}
		}
		next, _ := page["next"].(float64)
		if int64(next) == f.next {
			return
		}
		f.next = int64(next)
	}
}

// open counts the messages that have not come to their end, by where they are.
func (f *follower) open() map[string]int {
	out := make(map[string]int)
	for _, path := range f.moved {
		switch last := path[len(path)-1]; last {
		case "pending", "sent", "in_doubt":
			out[last]++
		}
	}
	return out
}

// ends counts all messages by where they are.
func (f *follower) ends() map[string]int {
	out := make(map[string]int)
	for _, path := range f.moved {
		out[path[len(path)-1]]++
	}
	return out
}

// settle waits until so many contacts were accepted and all their messages have come to their end.
func (f *follower) settle(t *testing.T, g *instance, contacts int, bound time.Duration) {
	t.Helper()
	over := time.After(bound)
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		f.read(t, g)
		if len(f.accepted) >= contacts && len(f.open()) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			f.show(t, g)
			t.Fatalf("within %s: %d of %d contacts, still open %v of %v", bound, len(f.accepted), contacts, f.open(), f.ends())
		}
	}
}

// show logs some of the messages that are still open, the lanes, and the newest runs.
func (f *follower) show(t *testing.T, g *instance) {
	t.Helper()
	shown := 0
	for id, path := range f.moved {
		switch last := path[len(path)-1]; last {
		case "pending", "sent", "in_doubt":
			if shown++; shown <= 5 {
				_, m := g.get(t, g.sre, "/v1/messages/"+id)
				t.Logf("still open, through %v: %v", path, m)
			}
		}
	}
	_, lanes := g.get(t, g.sre, "/v1/lanes")
	_, runs := g.get(t, g.sre, "/v1/batches/LTRPRT/runs?limit=3")
	t.Logf("the lanes: %v\nthe newest runs: %v", lanes["lanes"], runs["runs"])
	status, run := g.ask(t, g.sre, http.MethodPost, "/v1/batches/LTRPRT/runs", nil, nil)
	t.Logf("LTRPRT now: %d %v", status, run)
}

// audit is what doctor says of a store that nobody has open when it is a file.
func audit(t *testing.T, store string) map[string]map[string]int {
	t.Helper()
	code, out, errOut := command(t, "doctor", "--store", store, "--output", "json")
	var said struct {
		Balanced bool                      `json:"balanced"`
		Channels map[string]map[string]int `json:"channels"`
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("doctor: status %d: %s%s", code, out, errOut)
	}
	if code != 0 || !said.Balanced {
		t.Errorf("doctor: status %d, not balanced: %s", code, out)
	}
	addsUp(t, said.Channels)
	return said.Channels
}

// addsUp checks the conservation equation of every channel.
func addsUp(t *testing.T, channels map[string]map[string]int) {
	t.Helper()
	if len(channels) != 4 {
		t.Errorf("sums of %d channels: %v", len(channels), channels)
	}
	for channel, sums := range channels {
		all := 0
		for _, place := range []string{"pending", "in_doubt", "sent", "delivered", "unconfirmed", "failed", "suppressed", "cancelled", "expired"} {
			n, there := sums[place]
			if !there {
				t.Errorf("%s: no %s", channel, place)
			}
			all += n
		}
		if all != sums["accepted"] {
			t.Errorf("%s: %d accepted, the places add up to %d: %v", channel, sums["accepted"], all, sums)
		}
	}
}

// The kinds of contact that tests post, by the channel of their first step.
const (
	aText   = "PAYREMIND"
	anEmail = "BILLREADY"
	aCall   = "LASTCALL"
	aLetter = "WELCOME"
)

// contactOf is a request for one person who exists nowhere else; what it says is unique by mark and number.
func contactOf(kind, division, mark string, i int) map[string]any {
	class := map[string]string{aText: "BILL", anEmail: "BILL", aCall: "SEV", aLetter: "CUST"}[kind]
	areas := []string{"212", "315", "518", "585", "607", "716"}
	if division == "SOUTH" {
		areas = []string{"210", "214", "281", "512", "713", "832"}
	}
	unique := fmt.Sprintf("%s-%06d", mark, i)
	return map[string]any{
		"division": division, "class": class, "type": kind, "reference": unique, "account": "NF-" + unique,
		"recipient": map[string]any{
			"name": []string{"Ada " + unique}, "phone": fmt.Sprintf("+1%s55501%02d", areas[i/100%len(areas)], i%100),
			"email":  "customer" + unique + "@example.com",
			"postal": map[string]any{"line1": "1 Mill Lane", "city": "Albany", "state": "NY", "postal": "12201", "country": "US"},
		},
		"data": map[string]any{"amount": "$10." + fmt.Sprint(10+i%90), "due": "May 1 (" + unique + ")"},
	}
}

// allowed are the flags that allow the people of contactOf.
func allowed() []string {
	return []string{"--environment", "test", "--allow", "+1???55501??", "--allow", "*@example.com", "--allow", "account:NF-*"}
}

func word(object map[string]any, key string) string {
	text, _ := object[key].(string)
	return text
}

func objects(object map[string]any, key string) []map[string]any {
	list, _ := object[key].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}
