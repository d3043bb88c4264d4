package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is who the program runs as: nobody of the machine.
const user = 65532

// Made is what an image tells of its making.
type Made struct {
	Version  string
	Revision string
	At       time.Time // of the revision, not of the build
}

// labels are the annotations of the OCI image specification.
func (m Made) labels(program string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       program,
		"org.opencontainers.image.description": "The outbound communications gateway of a utility",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     m.Version,
		"org.opencontainers.image.revision":    m.Revision,
		"org.opencontainers.image.created":     m.At.UTC().Format(time.RFC3339),
	}
}

// Image packs a static binary under its own name. The same binary and making give the same digest.
func Image(binary string, made Made) (v1.Image, error) {
	program := filepath.Base(binary)
	architecture, err := inspect(binary)
	if err != nil {
		return nil, err
	}
	packed, err := pack(binary, made.At)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: made.At.UTC()}, CreatedBy: "deploy/box", Comment: "the static binary",
	}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created, config.OS, config.Architecture = v1.Time{Time: made.At.UTC()}, "linux", architecture
	config.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), Entrypoint: []string{"/" + program}, WorkingDir: "/data",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}}, Labels: made.labels(program), StopSignal: "SIGTERM",
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	annotated, is := mutate.Annotations(image, made.labels(program)).(v1.Image)
	if !is {
		return nil, errors.New("the annotated image is none")
	}
	return annotated, nil
}

// inspect refuses a binary that would not run in an image without a system, and returns its architecture.
func inspect(binary string) (architecture string, err error) {
	file, err := elf.Open(binary)
	if err != nil {
		return "", fmt.Errorf("reading the binary: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was read
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			return "", errors.New("the binary is not static: build it with CGO_ENABLED=0")
		}
	}
	switch file.Machine {
	case elf.EM_X86_64:
		return "amd64", nil
	case elf.EM_AARCH64:
		return "arm64", nil
	default:
		return "", fmt.Errorf("no image is made for %s", file.Machine)
	}
}

// pack is the layer: two folders and the binary, the same bytes for the same binary and time.
func pack(binary string, at time.Time) ([]byte, error) {
	program, err := os.ReadFile(binary) //nolint:gosec // the command line names it
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeDir, Name: "data/", Mode: 0o750, Uid: user, Gid: user},
		{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777},
		{Typeflag: tar.TypeReg, Name: filepath.Base(binary), Mode: 0o755, Size: int64(len(program))},
	} {
		h.ModTime, h.Format = at.UTC(), tar.FormatPAX
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(program); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), w.Close()
}

// WriteArchive writes an image as an OCI archive: `docker load`, `podman load` and `skopeo copy oci-archive:` read it.
func WriteArchive(file string, image v1.Image, tag string) (err error) {
	dir, err := os.MkdirTemp("", "box-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	at, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	names := map[string]string{"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": "docker.io/library/" + tag}
	if err := at.AppendImage(image, layout.WithAnnotations(names)); err != nil {
		return err
	}
	out, err := os.Create(file) //nolint:gosec // the command line names it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(w, dir, name)
	}); err != nil {
		return err
	}
	return w.Close()
}

// add writes a file of a folder under its name there; folders need no entries of their own.
func add(w *tar.Writer, dir, name string) error {
	text, err := os.ReadFile(name) //nolint:gosec // we have written it
	if err != nil {
		return err
	}
	within, err := filepath.Rel(dir, name)
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(within), Mode: 0o644, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
