package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/adapters/simulators"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/gateway"
	"carillon/cmd/internal/settings"
	"carillon/core/access"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/desk/administration"
	"carillon/core/message"
	"carillon/core/plan"
)

// RunCmd runs a gateway against simulated providers.
type RunCmd struct {
	Data      string        `help:"Folder that keeps everything; empty: a temporary one, removed at the end." placeholder:"DIR"`
	Listen    string        `help:"Address of the API." default:"127.0.0.1:8080"`
	Contacts  int           `help:"Contacts of the morning." default:"1200"`
	Customers int           `help:"Customers of the two divisions." default:"300"`
	Seed      uint64        `help:"Chance: the same seed makes the same morning." default:"1"`
	Exit      bool          `help:"End after the table, with status 1 when the sums do not add up."`
	Output    string        `help:"table, or json: one object per line, the first with the address and key, the last with the sums." enum:"table,json" default:"table"`
	Gameday   bool          `help:"Instead of a morning: providers throttle, stall, lose answers and are down, one after the other, under a steady stream of contacts; says what was lost and doubled, and ends with status 1 when anything was."`
	Act       time.Duration `help:"How long each act of a game day lasts." default:"8s"`
	Patience  time.Duration `help:"How long to wait until nothing is due any more." default:"3m"`
	LogLevel  slog.Level    `help:"debug, info, warn or error." default:"warn"`
}

// demo is one run of the demo.
type demo struct {
	cmd  *RunCmd
	w    cli.World
	log  *slog.Logger
	dir  string
	sims *simulators.Running
	app  *gateway.Gateway
	url  string
	keys demoKeys
}

// Run posts the morning, prints the table, and keeps serving unless told to exit.
func (c *RunCmd) Run(w cli.World) (err error) {
	d := &demo{cmd: c, w: w, dir: c.Data}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "carillon-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "records"), 0o700); err != nil {
		return err
	}
	if d.sims, err = d.simulate(); err != nil {
		return err
	}
	defer stopSimulators(w.Ctx, d.sims)
	return d.serve()
}

// simulate starts the providers.
func (d *demo) simulate() (*simulators.Running, error) {
	cfg := simulators.Default(telemetry.NewLogger(d.w.ErrOut, slog.LevelError, telemetry.Text))
	cfg.Seed, cfg.RecordDir = d.cmd.Seed, filepath.Join(d.dir, "records")
	cfg.KeyFile = filepath.Join(d.dir, "signing-key.pem")
	cfg.SNS.SelfManaged = true
	cfg.Dialer.Key, cfg.Dialer.PullEvery = "demo-dialer", pullEvery
	cfg.Kafka.Topics = []string{statusTopic}
	return simulators.Start(d.w.Ctx, cfg)
}

// settings are those of a gateway that speaks to the simulators.
func (d *demo) settings() (settings.Settings, error) {
	certificate := filepath.Join(d.dir, certificateName)
	if err := os.WriteFile(certificate, d.sims.CertificatePEM(), 0o600); err != nil {
		return settings.Settings{}, err
	}
	urls := d.sims.URLs()
	status, inbound, email := d.sims.Topics()
	aws := settings.AWS{Region: "us-east-1", AccessKey: "demo", SecretKey: secret.New("demo")}
	s := settings.Settings{
		Store: filepath.Join(d.dir, "carillon.db"), Listen: d.cmd.Listen, Environment: "demo", Allow: demoAllow(),
		LogLevel: d.cmd.LogLevel, LogFormat: telemetry.Text, Lease: time.Minute, Grace: 10 * time.Second,
		CallTimeout:     10 * time.Second,
		LettersSchedule: "* * * * *",
		Kafka: settings.Kafka{
			Brokers: urls.Kafka, Version: "2.8.0", Letters: "carillon.letters", Manifests: "carillon.manifests",
			LetterStatus: "carillon.letter-status", Status: statusTopic, Group: "carillon", Timeout: 30 * time.Second,
		},
		SNS: aws, SES: aws,
		Dialer: settings.Dialer{URL: urls.Dialer, Key: secret.New("demo-dialer")},
		Hooks: settings.Hooks{
			EmailTopic: []string{email}, SMSStatusTopic: []string{status}, SMSInboundTopic: []string{inbound},
			TrustFile: certificate, TrustEndpoint: urls.SNS,
		},
	}
	s.SNS.Endpoint, s.SES.Endpoint = urls.SNS, urls.SES
	if d.cmd.Gameday { // an act is short
		s.Lease, s.CallTimeout = gamedayLease, gamedayTimeout
	}
	return s, nil
}

// serve runs the gateway while the morning is posted.
func (d *demo) serve() error {
	wired, err := d.settings()
	if err != nil {
		return err
	}
	d.log = telemetry.NewLogger(d.w.ErrOut, wired.LogLevel, wired.LogFormat)
	listener, err := (&net.ListenConfig{}).Listen(d.w.Ctx, "tcp", wired.Listen)
	if err != nil {
		return err
	}
	if d.app, err = gateway.Build(d.w.Ctx, wired, d.log); err != nil {
		return errors.Join(err, listener.Close())
	}
	d.url = "http://" + listener.Addr().String()
	if err := d.prepare(); err != nil {
		return errors.Join(err, listener.Close(), d.app.Close(d.w.Ctx))
	}
	ctx, stop := context.WithCancel(d.w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.app.Run(ctx, listener) }()
	play := d.morning
	if d.cmd.Gameday {
		play = d.gameday
	}
	told := play(ctx)
	if told == nil && !d.cmd.Exit {
		<-ctx.Done()
	}
	stop()
	return errors.Join(told, <-ended)
}

// prepare configures the demo and makes its keys, when the folder is new.
func (d *demo) prepare() error {
	if err := d.configure(); err != nil {
		return err
	}
	file := filepath.Join(d.dir, "keys.json")
	if text, err := os.ReadFile(file); err == nil {
		return json.Unmarshal(text, &d.keys)
	}
	everywhere := []string{"NORTH", "SOUTH"}
	for _, k := range []struct {
		to *string
		p  access.Principal
	}{
		{&d.keys.Demo, access.Principal{
			Name: "demo", Source: "cis", Divisions: everywhere,
			Roles: []access.Role{access.CIS, access.CSR, access.Supervisor, access.SRE},
		}},
		{&d.keys.CIS, access.Principal{Name: "demo-cis", Source: "cis", Divisions: everywhere, Roles: []access.Role{access.CIS}}},
		{&d.keys.North, access.Principal{Name: "demo-north", Source: "cis", Divisions: everywhere[:1], Roles: []access.Role{access.CIS}}},
		{&d.keys.Vendor, access.Principal{Name: "demo-dialer", Source: "belltower", Divisions: everywhere, Roles: []access.Role{access.Dialer}}},
	} {
		key, err := d.app.Admin().CreatePrincipal(d.w.Ctx, clock.Now(), access.Operator(), k.p)
		if err != nil {
			return err
		}
		*k.to = key
	}
	text, err := json.Marshal(d.keys)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// demoKeys are kept beside the store, so that a second run on the folder has them.
type demoKeys struct {
	Demo   string `json:"demo"`
	CIS    string `json:"cis"`
	Vendor string `json:"vendor"`
	North  string `json:"north"` // of one division only
}

// configure lays the quiet hours around the start and shortens the waits, so that the morning comes to its end.
func (d *demo) configure() error {
	cfg := d.app.Configs().Current()
	if cfg.Version > 1 {
		return nil
	}
	doc := cfg.Document()
	for i := range doc.Divisions {
		doc.Divisions[i].Windows = map[message.Channel]consent.Window{
			message.SMS: {Opens: "00:00", Closes: "24:00"}, message.Voice: {Opens: "00:00", Closes: "24:00"},
		}
	}
	doc.Routes = append([]config.Route(nil), doc.Routes...)
	for i := range doc.Routes {
		doc.Routes[i].Receipt, doc.Routes[i].Hold = plan.Span(demoReceipt), plan.Span(demoReceipt)
		if doc.Routes[i].Channel == message.Voice {
			doc.Routes[i].Expires = plan.Span(demoExpires) // a vendor that never answers is unconfirmed then
		}
	}
	set, err := administration.ConfigWrites(clock.Now(), "demo", cfg.Version+1, doc, cfg, d.app.Admin().Rules)
	if err != nil {
		return err
	}
	if _, err := d.app.Store().Apply(d.w.Ctx, set); err != nil {
		return err
	}
	return d.app.Configs().Refresh(d.w.Ctx)
}

// How long the demo waits for a report, and how long a call may be dialled.
const (
	demoReceipt = 20 * time.Second
	demoExpires = 45 * time.Second
)

// openUtility loads the utility, and says where everything is.
func (d *demo) openUtility(ctx context.Context) (*utility, poster, error) {
	d.sims.SetHooks(hooksAt(d.url, d.keys.Vendor))
	d.announce(map[string]any{
		"event": "ready", "url": d.url, "key": d.keys.Demo, "vendorKey": d.keys.Vendor, "northKey": d.keys.North,
		"control": d.sims.URLs().Control, "data": d.dir,
	}, "Carillon demo at %s\nkey        %s\nvendor key %s\n", d.url, d.keys.Demo, d.keys.Vendor)
	u := newUtility(d.cmd.Seed, d.cmd.Customers)
	poster := poster{client: cli.NewClient(d.url, d.keys.CIS, time.Minute), workers: posters}
	return u, poster, poster.doMany(ctx, len(u.customers), d.progressBar("loading customers", len(u.customers)), u.loadCustomer)
}

// morning posts the contacts, waits until nothing is due, and tells the sums.
func (d *demo) morning(ctx context.Context) error {
	u, poster, err := d.openUtility(ctx)
	if err != nil {
		return err
	}
	if err := poster.doMany(ctx, d.cmd.Contacts, d.progressBar("posting contacts", d.cmd.Contacts), u.postContact); err != nil {
		return err
	}
	d.announce(map[string]any{"event": "posted", "contacts": d.cmd.Contacts}, "")
	rows, err := d.settle(ctx)
	if err != nil {
		return err
	}
	balanced := true
	for _, r := range rows {
		balanced = balanced && r.Balanced()
	}
	d.announce(map[string]any{"event": "summary", "balanced": balanced, "channels": cli.SumsJSON(rows)}, "")
	if d.cmd.Output == "table" {
		cli.PrintSums(d.w.Out, rows)
		d.printHint(balanced)
	}
	if !balanced {
		return cli.ErrUnbalanced
	}
	return nil
}

// posters is how many requests are under way at once.
const posters = 32

func (d *demo) printHint(balanced bool) {
	if !balanced {
		fmt.Fprintln(d.w.Out, "the sums do NOT add up")
		return
	}
	fmt.Fprintln(d.w.Out, "every row adds up: accepted = pending + in_doubt + sent + … + expired")
	if !d.cmd.Exit {
		fmt.Fprintf(
			d.w.Out,
			"\nstill serving; try:\n  curl -s %s/v1/lanes -H 'Authorization: Bearer %s'\n  curl -s %s/metrics | grep carillon_\n  control of the providers: %s/control\n",
			d.url,
			d.keys.Demo,
			d.url,
			d.sims.URLs().Control,
		)
	}
}

// announce prints an object, or a text, as the output asks.
func (d *demo) announce(object map[string]any, format string, args ...any) {
	if d.cmd.Output == "json" {
		_ = json.NewEncoder(d.w.Out).Encode(object) // a reader that left is no failure of the demo
		return
	}
	if format != "" {
		fmt.Fprintf(d.w.Out, format, args...)
	}
}

func (d *demo) progressBar(what string, n int) *progressbar.ProgressBar {
	if d.cmd.Output == "json" {
		return progressbar.DefaultSilent(int64(n), what)
	}
	return cli.NewBar(d.w.ErrOut, what, n)
}

// settle waits until every message has come to its end, running LTRPRT whenever letters wait.
func (d *demo) settle(ctx context.Context) ([]batch.Sum, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cmd.Patience)
	defer cancel()
	bar := d.progressBar("seeing messages through", 0)
	for {
		now := clock.Now()
		if err := d.lettersNow(ctx, now); err != nil && ctx.Err() == nil {
			d.log.Warn("LTRPRT did not finish", slog.String("error", err.Error()))
		}
		counts, err := d.app.Store().Sums(context.WithoutCancel(ctx), time.Time{}, now.Add(time.Hour))
		if err != nil {
			return nil, err
		}
		rows := batch.Add(counts)
		open, all := int64(0), int64(0)
		for _, r := range rows {
			open += r.Places[message.Pending] + r.Places[message.AtSent] + r.Places[message.InDoubt]
			all += r.Accepted
		}
		bar.ChangeMax64(max(all, 1))
		_ = bar.Set64(all - open) // a bar that cannot be drawn is no failure
		if open == 0 || ctx.Err() != nil {
			_ = bar.Finish()
			return rows, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// lettersNow runs LTRPRT when letters wait.
func (d *demo) lettersNow(ctx context.Context, now time.Time) error {
	states, err := d.app.Store().LaneStates(ctx, now)
	if err != nil {
		return err
	}
	for _, s := range states {
		if c, known := d.app.ChannelOf(s.Lane); known && c == message.Letter && !s.OldestDue.IsZero() {
			return d.app.RunLetters(ctx, now, "demo")
		}
	}
	return nil
}
