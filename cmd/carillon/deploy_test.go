package main

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/demo"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/signing"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// environments are the environments that the shipped deployments give a gateway, by where they stand.
func environments(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := make(map[string]map[string]string)
	var compose struct {
		Services map[string]struct {
			Command     any
			Environment map[string]string
		}
	}
	readYAML(t, deployDir+"/compose/compose.yaml", &compose)
	for name, s := range compose.Services {
		if strings.HasPrefix(name, "carillon") {
			all["compose "+name] = s.Environment
		}
	}
	kubernetes := make(map[string]string)
	for _, file := range []string{"configmap.yaml", "secret.example.yaml"} {
		var object struct {
			Data       map[string]string
			StringData map[string]string `yaml:"stringData"`
		}
		readYAML(t, deployDir+"/kubernetes/"+file, &object)
		maps.Copy(kubernetes, object.Data)
		maps.Copy(kubernetes, object.StringData)
	}
	all["kubernetes"] = kubernetes
	file, err := os.Open(deployDir + "/systemd/carillon.env")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all["systemd"] = make(map[string]string)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, value, is := strings.Cut(lines.Text(), "="); is && !strings.HasPrefix(name, "#") {
			all["systemd"][name] = value
		}
	}
	if lines.Err() != nil || len(all) != 4 {
		t.Fatalf("there are %d environments, %v", len(all), lines.Err())
	}
	return all
}

// TestDeploymentsServe parses `carillon serve` in each of the shipped environments.
func TestDeploymentsServe(t *testing.T) {
	for where, environment := range environments(t) {
		t.Run(where, func(t *testing.T) {
			for name, value := range environment {
				t.Setenv(name, regexp.MustCompile(`\$\{\w+:-([^}]*)\}`).ReplaceAllString(value, "$1"))
			}
			var line CLI
			parser, err := kong.New(&line, cli.Options()...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse([]string{"serve"}); err != nil {
				t.Fatal(err)
			}
			s := line.Serve.Settings
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
			if !s.OnPostgres() || len(s.Kafka.Brokers) == 0 || s.Dialer.URL == "" || s.Ledger.Key.Reveal() == "" || !strings.HasPrefix(s.Listen, "0.0.0.0:") {
				t.Errorf("it serves on %s, with brokers %v, dialer %q and a ledger key of %d characters", s.Listen, s.Kafka.Brokers, s.Dialer.URL, len(s.Ledger.Key.Reveal()))
			}
			if strings.HasPrefix(where, "compose") == (s.Environment == settings.Production) {
				t.Errorf("its environment is %s", s.Environment)
			}
			if _, err := signing.Signatory(s); strings.HasPrefix(where, "compose") && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDeploymentsNameSettings looks up every CARILLON_ word under deploy in the model of the command line.
func TestDeploymentsNameSettings(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"CARILLON_IMAGE": true, "CARILLON_DEMO_IMAGE": true} // of compose.yaml itself
	for _, model := range []*kong.Application{commandLine(t), demoLine(t)} {
		err := kong.Visit(model, func(n kong.Visitable, next kong.Next) error {
			if f, is := n.(*kong.Flag); is {
				for _, e := range f.Envs {
					known[e] = true
				}
			}
			return next(nil)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, file := range deployFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bCARILLON_[A-Z0-9_]*[A-Z0-9]\b`).FindAllString(string(text), -1) {
			found++
			if !known[name] {
				t.Errorf("%s names %s, which is no setting", file, name)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d settings found", found)
	}
}

// deployFiles are the files of the deployments.
func deployFiles(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"compose/compose.yaml", "kubernetes/*.yaml", "systemd/*"} {
		files, err := filepath.Glob(filepath.Join(deployDir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		all = append(all, files...)
	}
	return all
}

// TestDeploymentsAreYAML reads every YAML file under deploy, and wants the commands of the containers to be understood and
// the files they mount to be there.
func TestDeploymentsAreYAML(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(deployDir + "/*/*.y*ml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(f)
		for err == nil {
			var document any
			err = decoder.Decode(&document)
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", file, err)
		}
		_ = f.Close()
	}
	var compose struct {
		Services map[string]struct {
			Image   string
			Command any
			Volumes []string
		}
	}
	readYAML(t, deployDir+"/compose/compose.yaml", &compose)
	for name, s := range compose.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(from, ".") {
				continue
			}
			if _, err := os.Stat(filepath.Join(deployDir, "compose", from)); err != nil {
				t.Errorf("%s mounts %v", name, err)
			}
		}
		if !strings.Contains(s.Image, "carillon") {
			continue
		}
		var args []string
		list, _ := s.Command.([]any)
		for _, a := range list {
			word, _ := a.(string)
			args = append(args, word)
		}
		var commands any = &CLI{}
		if strings.Contains(s.Image, demo.Name) {
			commands = &demo.Commands{}
		}
		parser, err := kong.New(commands, kong.DefaultEnvars("CARILLON"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil || len(args) == 0 {
			t.Errorf("%s: %s %v: %v", name, s.Image, args, err)
		}
	}
}

// maxExposure is the worst score that systemd may give the unit: 0 is none, 10 all.
const maxExposure = 2.0

// TestUnit has systemd read the unit and score it.
func TestUnit(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not there: apt-get install systemd")
	}
	text, err := os.ReadFile(deployDir + "/systemd/carillon.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // verify wants the program to be there
	if err != nil {
		t.Fatal(err)
	}
	environment, err := filepath.Abs(deployDir + "/systemd/carillon.env")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "carillon.service")
	here := strings.NewReplacer("ExecStart=/usr/local/bin/carillon serve", "ExecStart="+self+" serve", "EnvironmentFile=/etc/carillon/carillon.env", "EnvironmentFile="+environment).Replace(string(text))
	if strings.Count(here, self) != 1 || strings.Count(here, environment) != 1 {
		t.Fatal("the unit starts something else, or reads another environment")
	}
	if err := os.WriteFile(unit, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "carillon.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), tool, "security", "--offline=true", "--no-pager", unit).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no score in\n%s", out)
	}
	score, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil || score > maxExposure {
		t.Errorf("its exposure is %v, want %v at most\n%s", score, maxExposure, out)
	}
	t.Logf("its exposure is %v", score)
}

// TestPrometheusConfig has Prometheus's own tool read its configuration, which names the job that the alerts count on.
func TestPrometheusConfig(t *testing.T) {
	t.Parallel()
	file := deployDir + "/prometheus/prometheus.yml"
	var config struct {
		Scrape []struct {
			Job string `yaml:"job_name"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, file, &config)
	if len(config.Scrape) != 1 || config.Scrape[0].Job != "carillon" {
		t.Errorf("%s has the jobs %v", file, config.Scrape)
	}
	if out, err := exec.CommandContext(t.Context(), promtool(t), "check", "config", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
