package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// built is the program, built as the Makefile builds it; twice, so that two builds can be compared.
var built = sync.OnceValues(func() ([2]string, error) {
	var files [2]string
	dir, err := os.MkdirTemp("", "box-test-*")
	if err != nil {
		return files, err
	}
	for i := range files {
		files[i] = filepath.Join(dir, string(rune('a'+i)), "carillon")
		build := exec.Command("go", "build", "-C", "../..", "-trimpath", "-ldflags", "-s -w", "-o", files[i], "./cmd/carillon")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			return files, errors.Join(err, errors.New(string(out)))
		}
	}
	return files, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if files, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(filepath.Dir(files[0])))
	}
	os.Exit(code)
}

// maxLayer is what an image may bring over the wire, in bytes.
const maxLayer = 18_000_000

func made() Made {
	return Made{Version: "1.2.3", Revision: "abc", At: time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)}
}

func packed(t *testing.T, which int) v1.Image {
	t.Helper()
	files, err := built()
	if err != nil {
		t.Fatal(err)
	}
	image, err := Image(files[which], made())
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestImageIsLawful(t *testing.T) {
	image := written(t, packed(t, 0))
	if err := validate.Image(image); err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON || len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != types.OCILayer {
		t.Errorf("the manifest is %+v", manifest)
	}
	if size := manifest.Layers[0].Size; size > maxLayer {
		t.Errorf("the layer has %d bytes, at most %d", size, maxLayer)
	}
	for _, labels := range []map[string]string{manifest.Annotations, config.Config.Labels} {
		if labels["org.opencontainers.image.revision"] != "abc" || labels["org.opencontainers.image.version"] != "1.2.3" || labels["org.opencontainers.image.created"] != "2026-11-21T04:00:00Z" {
			t.Errorf("it is labelled %v", labels)
		}
	}
	c := config.Config
	if c.User != "65532:65532" || len(c.Entrypoint) != 1 || c.Entrypoint[0] != "/carillon" || config.OS != "linux" || c.Env != nil {
		t.Errorf("it runs %v as %s on %s with %v", c.Entrypoint, c.User, config.OS, c.Env)
	}
}

// written is the image as it is read back from a file.
func written(t *testing.T, image v1.Image) v1.Image {
	t.Helper()
	at, err := layout.Write(t.TempDir(), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := at.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	read, err := at.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestImageIsReproducible(t *testing.T) {
	one, err := packed(t, 0).Digest()
	if err != nil {
		t.Fatal(err)
	}
	other, err := packed(t, 1).Digest()
	if err != nil {
		t.Fatal(err)
	}
	if one != other {
		t.Errorf("two builds have the digests %s and %s", one, other)
	}
	files, err := built()
	if err != nil {
		t.Fatal(err)
	}
	later := made()
	later.Revision = "abd"
	image, err := Image(files[0], later)
	if err != nil {
		t.Fatal(err)
	}
	if digest, err := image.Digest(); err != nil || digest == one {
		t.Errorf("another revision has the digest %s, %v", digest, err)
	}
}

// TestImageRuns unpacks the image and runs what is in it, with nothing around it.
func TestImageRuns(t *testing.T) {
	root := t.TempDir()
	content := mutate.Extract(packed(t, 0))
	defer content.Close()
	names := unpack(t, root, content)
	if names["data"].Uid != 65532 || names["data"].Mode&0o700 != 0o700 || names["carillon"].Mode != 0o755 || len(names) != 3 {
		t.Errorf("it holds %v", names)
	}
	for _, args := range [][]string{{"version"}, {"serve", "--help"}, {"config", "lint", "/nothing.yaml"}} {
		run := exec.Command(filepath.Join(root, "carillon"), args...)
		run.Env = []string{}
		out, err := run.CombinedOutput()
		if want := args[0] != "config"; (err == nil) != want || !strings.Contains(string(out), "carillon") {
			t.Errorf("carillon %v: %v\n%s", args, err, out)
		}
	}
}

func unpack(t *testing.T, root string, content io.Reader) map[string]*tar.Header {
	t.Helper()
	names := make(map[string]*tar.Header)
	r := tar.NewReader(content)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names[strings.Trim(h.Name, "/")] = h
		if h.Typeflag != tar.TypeReg {
			continue
		}
		file := filepath.Join(root, filepath.Clean("/"+h.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, h.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestImageTravels(t *testing.T) {
	files, err := built()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	to := strings.TrimPrefix(server.URL, "http://") + "/carillon:1.2.3"
	archive := filepath.Join(t.TempDir(), "carillon.oci.tar")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-binary", files[0], "-out", archive, "-push", to, "-version", "1.2.3", "-revision", "abc", "-created", "2026-11-21T04:00:00Z"}, &out); err != nil {
		t.Fatal(err)
	}
	want, err := packed(t, 0).Digest()
	if err != nil || !strings.HasPrefix(out.String(), want.String()) {
		t.Fatalf("it printed %q, want %s, %v", out.String(), want, err)
	}

	ref, err := name.ParseReference(to)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pulled.Digest(); err != nil || got != want || validate.Image(pulled) != nil {
		t.Errorf("pulled %s, want %s, %v", got, want, err)
	}

	dir := t.TempDir()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if names := unpack(t, dir, file); names["oci-layout"] == nil || names["index.json"] == nil {
		t.Errorf("the archive holds %v", names)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != want ||
		manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "carillon:latest" {
		t.Errorf("the archive's index is %+v, %v", manifest, err)
	}
}

func TestBoxRefuses(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "x.tar")
	for says, args := range map[string][]string{
		"needed":             {"-binary", self},
		"-created":           {"-binary", self, "-out", out, "-created", "yesterday"},
		"reading the binary": {"-binary", "image_test.go", "-out", out},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("box %v: %v, want %q", args, err, says)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("box %v has written something", args)
		}
	}
}
