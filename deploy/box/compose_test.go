package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func project(t *testing.T, file string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../compose/" + file}, cli.WithEnv([]string{}), cli.WithInterpolation(true), cli.WithResolvedPaths(true), cli.WithConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

// TestComposeLoads loads both files as Docker Compose does: schema, interpolation, merges, references between services.
func TestComposeLoads(t *testing.T) {
	for file, want := range map[string][]string{
		"compose.yaml":  {"carillon-1", "carillon-2", "grafana", "kafka", "postgres", "prometheus", "simulators", "topics"},
		"services.yaml": {"kafka", "moto", "postgres", "postgres15"},
	} {
		p := project(t, file)
		if got := p.ServiceNames(); !slices.Equal(got, want) {
			t.Errorf("%s has the services %v, want %v", file, got, want)
		}
		for name, s := range p.Services {
			if repository, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" && repository != "carillon" && repository != "carillon-demo" {
				t.Errorf("%s: %s runs %q, of no fixed version", file, name, s.Image)
			}
			for _, port := range s.Ports {
				if ip := net.ParseIP(port.HostIP); ip == nil || !ip.IsLoopback() {
					t.Errorf("%s: %s opens %s to everybody", file, name, port.Published)
				}
			}
			for _, v := range s.Volumes {
				if v.Type != types.VolumeTypeBind {
					continue
				}
				if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
					t.Errorf("%s: %s mounts %s, read-only %v, %v", file, name, v.Source, v.ReadOnly, err)
				}
			}
		}
	}
}

// TestComposeStack looks at what makes the stack like production.
func TestComposeStack(t *testing.T) {
	p := project(t, "compose.yaml")
	var listen []string
	for _, name := range []string{"carillon-1", "carillon-2"} {
		s := p.Services[name]
		if s.NetworkMode != "service:simulators" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || s.MemLimit != 2<<30 || len(s.Ports) != 0 {
			t.Errorf("%s is not as hard as it should be: %+v", name, s)
		}
		for after, condition := range map[string]string{"postgres": types.ServiceConditionHealthy, "topics": types.ServiceConditionCompletedSuccessfully} {
			if s.DependsOn[after].Condition != condition {
				t.Errorf("%s does not wait for %s", name, after)
			}
		}
		_, port, err := net.SplitHostPort(*s.Environment["CARILLON_LISTEN"])
		if err != nil {
			t.Fatal(err)
		}
		listen = append(listen, port)
		if !strings.Contains(*s.Environment["CARILLON_STORE"], "@postgres/") || *s.Environment["CARILLON_KAFKA_BROKERS"] != "kafka:9092" {
			t.Errorf("%s stands on %v", name, s.Environment)
		}
	}
	var published []string
	for _, port := range p.Services["simulators"].Ports {
		published = append(published, port.Published)
	}
	if !slices.Equal(listen, published) {
		t.Errorf("the gateways listen on %v, and %v are opened", listen, published)
	}
	scraped, err := os.ReadFile("../prometheus/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range listen {
		if !strings.Contains(string(scraped), `"simulators:`+port+`"`) {
			t.Errorf("Prometheus does not scrape port %s", port)
		}
	}
	for _, topic := range []string{"carillon.letters", "carillon.manifests", "carillon.letter-status", "carillon.status"} {
		if !strings.Contains(strings.Join(p.Services["topics"].Command, " "), topic) {
			t.Errorf("nobody makes the topic %s", topic)
		}
	}
	for _, file := range []string{"carillon.json", "provisioning/datasources/prometheus.yaml", "provisioning/dashboards/carillon.yaml"} {
		if _, err := os.Stat(filepath.Join("../grafana", file)); err != nil {
			t.Error(err)
		}
	}
}
