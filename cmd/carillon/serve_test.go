package main

import (
	"strings"
	"testing"

	"carillon/cmd/internal/settings"
)

// TestCertificateSettings: somebody looks when the file of any setting that names certificates runs out.
func TestCertificateSettings(t *testing.T) {
	t.Parallel()
	var want []string
	for _, f := range child(commandLine(t).Node, "serve").Flags {
		if strings.HasSuffix(f.Name, "-ca-file") || strings.HasSuffix(f.Name, "-cert-file") || strings.HasSuffix(f.Name, "-trust-file") {
			want = append(want, f.Name)
		}
	}
	known := settings.Settings{}.CertificateFiles()
	for _, name := range want {
		if _, there := known[name]; !there {
			t.Errorf("nobody looks when %s runs out", name)
		}
	}
	if len(known) != len(want) || len(want) < 6 {
		t.Errorf("the settings are %v", want)
	}
}
