package telemetry

import (
	"fmt"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// Build is what the running program was built from.
type Build struct {
	Version  string `json:"version"`            // of the module; "(devel)" when built from a work tree
	Revision string `json:"revision,omitempty"` // of the source; empty when the build did not know it
	Time     string `json:"time,omitempty"`     // of the revision, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the source was not as the revision has it
	Go       string `json:"go"`
}

// ReadBuild returns what the running program was built from, as far as the build recorded it.
func ReadBuild() Build {
	info, known := debug.ReadBuildInfo()
	if !known {
		return Build{Version: "unknown", Go: "unknown"}
	}
	b := Build{Version: info.Main.Version, Go: info.GoVersion}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Revision = setting.Value
		case "vcs.time":
			b.Time = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// Register shows b as the metric carillon_build_info, which is always 1; it fails when reg has it already.
func (b Build) Register(reg prometheus.Registerer) error {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "carillon_build_info",
		Help:        "What the program was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": b.Go},
	})
	gauge.Set(1)
	if err := reg.Register(gauge); err != nil {
		return fmt.Errorf("registering the build's metric: %w", err)
	}
	return nil
}
