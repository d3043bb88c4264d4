package demo

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/adapters/simulators"
	"carillon/adapters/simulators/faults"
	"carillon/cmd/internal/cli"
	"carillon/core/fault"
)

// SimulateCmd runs the simulated providers apart.
type SimulateCmd struct {
	Listen  string      `help:"Address of the control listener." default:"127.0.0.1:9100"`
	SNS     string      `name:"sns" help:"Address of SNS." default:"127.0.0.1:9101"`
	SES     string      `name:"ses" help:"Address of SES." default:"127.0.0.1:9102"`
	Dialer  string      `help:"Address of the dialer vendor." default:"127.0.0.1:9103"`
	Kafka   string      `help:"Address of the Kafka broker; empty: none." default:"127.0.0.1:9104"`
	Brokers []string    `help:"Brokers that the DMS uses instead of the simulated one." placeholder:"HOST:PORT"`
	Data    string      `help:"Folder for records, the signing key and its certificate." default:"simulated" placeholder:"DIR"`
	Profile string      `help:"How providers behave in good health: a realistic morning, or calm." enum:"morning,calm" default:"morning"`
	Seed    uint64      `help:"Chance of the providers." default:"1"`
	Gateway string      `help:"Base URL of the gateway that gets the reports." default:"http://127.0.0.1:8080"`
	Vendor  secret.Text `help:"Key of the gateway that the dialer vendor shows."`
	Pull    bool        `help:"The dialer vendor leases calls besides taking pushed ones."`
	Key     secret.Text `help:"Key that the dialer vendor wants of the gateway."`
	Fault   []string    `help:"Fault to begin with: sns={\"down\":true}; see the control listener." placeholder:"NAME=JSON" sep:"none"`
}

// Run simulates until it is told to stop. It prints one JSON object that says where everything is.
func (c *SimulateCmd) Run(w cli.World) error {
	sims, err := c.start(w)
	if err != nil {
		return err
	}
	defer stopSimulators(w.Ctx, sims)
	status, inbound, email := sims.Topics()
	certificate := filepath.Join(c.Data, certificateName)
	if err := os.WriteFile(certificate, sims.CertificatePEM(), 0o600); err != nil {
		return err
	}
	if err := json.NewEncoder(w.Out).Encode(map[string]any{
		"event": "ready", "urls": sims.URLs(), "certificate": certificate, "records": filepath.Join(c.Data, "records"),
		"smsStatusTopic": status, "smsInboundTopic": inbound, "emailTopic": email,
	}); err != nil {
		return err
	}
	<-w.Ctx.Done()
	return nil
}

// certificateName is the file that holds what the gateway must trust.
const certificateName = "certificate.pem"

func (c *SimulateCmd) start(w cli.World) (*simulators.Running, error) {
	if err := os.MkdirAll(filepath.Join(c.Data, "records"), 0o700); err != nil {
		return nil, err
	}
	cfg := simulators.Default(w.Logger(slog.LevelInfo, telemetry.JSON))
	if c.Profile == "calm" {
		cfg.Profile = simulators.Calm()
	}
	cfg.Seed, cfg.RecordDir, cfg.KeyFile = c.Seed, filepath.Join(
		c.Data,
		"records",
	), filepath.Join(
		c.Data,
		"signing-key.pem",
	)
	cfg.ControlAddr, cfg.SNSAddr, cfg.SESAddr, cfg.DialerAddr, cfg.KafkaAddr = c.Listen, c.SNS, c.SES, c.Dialer, c.Kafka
	cfg.DMS.Brokers = c.Brokers
	if len(c.Brokers) > 0 {
		cfg.KafkaAddr = ""
	}
	cfg.RunDMS = cfg.KafkaAddr != "" || len(c.Brokers) > 0
	cfg.Kafka.Topics = []string{statusTopic}
	cfg.SNS.SelfManaged = true
	cfg.Dialer.Key = c.Key.Reveal()
	if c.Pull {
		cfg.Dialer.PullEvery = pullEvery
	}
	cfg.Hooks = hooksAt(c.Gateway, c.Vendor.Reveal())
	sims, err := simulators.Start(w.Ctx, cfg)
	if err != nil {
		return nil, err
	}
	return sims, c.layFaults(sims)
}

// pullEvery is how often the simulated vendor asks for calls.
const pullEvery = 500 * time.Millisecond

// layFaults lays down the faults of the flags.
func (c *SimulateCmd) layFaults(sims *simulators.Running) error {
	for _, f := range c.Fault {
		name, text, _ := strings.Cut(f, "=")
		set := sims.Faults(name)
		if set == nil {
			return fault.New(fault.Invalid, "a fault begins with sns=, ses=, dialer= or dms=")
		}
		var parsed faults.Fault
		if err := json.Unmarshal([]byte(text), &parsed); err != nil {
			return fault.New(fault.Invalid, "the fault of "+name+" is not JSON")
		}
		if err := set.Put("", parsed); err != nil {
			return err
		}
	}
	return nil
}

// hooksAt is where a gateway takes reports.
func hooksAt(gateway, vendorKey string) simulators.Hooks {
	base := strings.TrimSuffix(gateway, "/")
	return simulators.Hooks{
		SMSStatus: base + "/v1/hooks/sns", SMSInbound: base + "/v1/hooks/sns", Email: base + "/v1/hooks/sns",
		Calls: base, CallsKey: vendorKey,
	}
}

func stopSimulators(ctx context.Context, sims *simulators.Running) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = sims.Close(ctx) // nothing is left to lose
}

// statusTopic is the topic of what happened, as the simulated broker has it.
const statusTopic = "carillon.status"
