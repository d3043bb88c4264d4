package simulators

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/dialer"
	"carillon/adapters/simulators/dms"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/kafka"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/notify"
	"carillon/adapters/simulators/ses"
	"carillon/adapters/simulators/sns"
	"carillon/adapters/simulators/stage"
)

// The names of the simulators, as the control listener and the records know them.
const (
	NameSNS    = "sns"
	NameSES    = "ses"
	NameDialer = "dialer"
	NameDMS    = "dms"
)

// names lists the simulators in the order in which they are shown.
func names() []string { return []string{NameSNS, NameSES, NameDialer, NameDMS} }

// Start starts the simulators of the configuration. What it started it ends again when one of them cannot start.
func Start(ctx context.Context, c Config) (*Running, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Running{
		config: c, cancel: cancel, stages: map[string]*stage.Stage{}, urls: URLs{},
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 4 * c.Workers, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if err := r.start(ctx, life); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return nil, errors.Join(err, r.Close(closing))
	}
	return r, nil
}

func (r *Running) start(ctx, life context.Context) error {
	c := r.config
	var err error
	if r.signer, err = notify.NewSigner(c.KeyFile, c.KeyBits, c.Region, c.Clock()); err != nil {
		return fmt.Errorf("preparing signatures: %w", err)
	}
	for _, name := range names() {
		if r.stages[name], err = r.newStage(name); err != nil {
			return err
		}
	}
	r.smsPoster = notify.NewPoster(r.stages[NameSNS], r.signer)
	r.emailPoster = notify.NewPoster(r.stages[NameSES], r.signer)
	r.sns = sns.New(c.SNS, r.stages[NameSNS], r.smsPoster, r.confirm)
	r.ses = ses.New(c.SES, r.stages[NameSES], r.emailPoster)
	r.dialer = dialer.New(c.Dialer, r.stages[NameDialer])
	if err := r.startKafka(ctx); err != nil {
		return err
	}
	var fronts []func()
	defer func() { // they serve once everything listens; Close ends them either way
		for _, front := range fronts {
			front()
		}
	}()
	for _, l := range []struct {
		addr    string
		handler http.Handler
		url     *string
	}{
		{c.SNSAddr, r.sns, &r.urls.SNS},
		{c.SESAddr, r.ses, &r.urls.SES},
		{c.DialerAddr, r.dialer, &r.urls.Dialer},
		{c.ControlAddr, r.Control(), &r.urls.Control},
	} {
		if l.addr == "" {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.addr)
		if err != nil {
			return fmt.Errorf("listening on %s: %w", l.addr, err)
		}
		*l.url = "http://" + listener.Addr().String()
		fronts = append(fronts, func() { r.serve(life, listener, l.handler) })
	}
	r.SetHooks(c.Hooks)
	if c.DialerAddr != "" {
		r.done.Go(func() { r.dialer.Pull(life) })
	}
	return nil
}

func (r *Running) newStage(name string) (*stage.Stage, error) {
	c := r.config
	b, err := book.Open(name, c.RecordDir, c.Keep, c.Clock)
	if err != nil {
		return nil, err
	}
	return &stage.Stage{
		Name: name, Clock: c.Clock, Dice: stage.NewDice(c.Seed, name, c.Clock()), Faults: faults.NewSet(), Book: b,
		Later: later.Start(c.Queue, c.Workers), Retry: c.Retry, Client: r.client, Profile: c.Profile, Log: c.Log,
	}, nil
}

func (r *Running) startKafka(ctx context.Context) error {
	c := r.config
	var err error
	if c.KafkaAddr != "" {
		if r.broker, err = kafka.Start(c.Kafka); err != nil {
			return err
		}
		r.urls.Kafka = r.broker.Addrs()
	}
	if !c.RunDMS {
		return nil
	}
	d := c.DMS
	if len(d.Brokers) == 0 {
		d.Brokers = r.urls.Kafka
	}
	if r.dms, err = dms.Start(ctx, d, r.stages[NameDMS]); err != nil {
		return fmt.Errorf("starting the DMS: %w", err)
	}
	return nil
}

// serve serves a handler until Close.
func (r *Running) serve(life context.Context, listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return life },
		ErrorLog:    slog.NewLogLogger(r.config.Log.Handler(), slog.LevelWarn),
	}
	r.servers = append(r.servers, server)
	r.done.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.config.Log.Error("simulator stopped serving", slog.String("address", listener.Addr().String()), slog.Any("error", err))
		}
	})
}
