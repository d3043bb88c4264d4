package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const (
	postgres18Version = "18.4.0"
	postgres15Folder  = "/usr/lib/postgresql/15"
)

// postgres is one PostgreSQL server. Version 18 is the one we build for, 15 the oldest we support.
type postgres struct {
	site     *site
	name     string
	variable string
	folder   string // holds bin, lib and share
	needs    []need
	fill     func(ctx context.Context, dir string) error // nil: the distribution's package brings it
}

// postgres18 is the build that the zonky project publishes to Maven Central.
func postgres18(s *site) postgres {
	dir := filepath.Join(s.cache, "postgres-"+postgres18Version)
	return postgres{
		site: s, name: "postgres", variable: "TEST_POSTGRES_URL", folder: dir,
		needs: []need{{"maven", complete(dir) || has("mvn")}, {"xz-utils", complete(dir) || has("xz")}},
		fill:  fetchPostgres,
	}
}

// postgres15 is Debian's own. Its package also makes a cluster on port 5432, which is left alone.
func postgres15(s *site) postgres {
	return postgres{
		site: s, name: "postgres15", variable: "TEST_POSTGRES15_URL", folder: postgres15Folder,
		needs: []need{{"postgresql-15", exists(postgres15Folder + "/bin/postgres")}},
	}
}

func (p postgres) Name() string     { return p.name }
func (p postgres) Variable() string { return p.variable }
func (p postgres) Needs() []need    { return p.needs }

// Open makes a fresh cluster on a free port.
func (p postgres) Open(ctx context.Context) (record, error) {
	if p.fill != nil {
		if err := p.site.once(ctx, p.folder, func(dir string) error { return p.fill(ctx, dir) }); err != nil {
			return record{}, err
		}
	}
	as, err := unprivileged()
	if err != nil {
		return record{}, err
	}
	data, err := p.cluster(ctx, as)
	if err != nil {
		return record{}, err
	}
	return again(func() (record, error) { return p.serve(ctx, as, data) })
}

// cluster makes the data folder and returns it.
func (p postgres) cluster(ctx context.Context, as *account) (string, error) {
	data, err := p.site.data(p.name)
	if err != nil {
		return "", err
	}
	if as != nil {
		if err := os.Chown(data, int(as.uid), int(as.gid)); err != nil {
			return "", fmt.Errorf("handing over the data folder: %w", err)
		}
	}
	init := p.program("initdb", data, as, "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	_, err = init.output(ctx)
	return data, err
}

// serve starts the server; the state line of its pid file tells when it takes connections.
func (p postgres) serve(ctx context.Context, as *account, data string) (record, error) {
	port, err := freePort(ctx)
	if err != nil {
		return record{}, err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port)}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200",
		"fsync=on", "synchronous_commit=on", "full_page_writes=on",
		"shared_buffers=256MB", "max_wal_size=4GB", "autovacuum_naptime=5s",
		"timezone=UTC", "log_timezone=UTC", "log_line_prefix=%m [%p] %d ",
	} {
		args = append(args, "-c", setting)
	}
	r, err := p.program("postgres", data, as, args...).launch(ctx, p.site.log(p.name), func(context.Context) error {
		raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		lines := strings.Split(string(raw), "\n")
		if err != nil || len(lines) < 8 || strings.TrimSpace(lines[7]) != "ready" {
			return errors.New("its pid file does not say ready")
		}
		return nil
	})
	r.Signal = syscall.SIGINT // "fast": it does not wait for clients
	r.Value = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	return r, err
}

// program is one of PostgreSQL's own, as its user and in a plain environment.
func (p postgres) program(name, data string, as *account, args ...string) program {
	return program{
		path: filepath.Join(p.folder, "bin", name), args: args, dir: data, as: as,
		env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + data, "LC_ALL=C.UTF-8", "TZ=UTC"},
	}
}

// fetchPostgres brings PostgreSQL from Maven Central: a jar, which is a zip, which holds one tar.
func fetchPostgres(ctx context.Context, dir string) error {
	arch := map[string]string{"amd64": "linux-amd64", "arm64": "linux-arm64v8"}[runtime.GOARCH]
	if arch == "" {
		return fmt.Errorf("there is no build for %s: start a PostgreSQL 18 of your own and set TEST_POSTGRES_URL", runtime.GOARCH)
	}
	artifact := "embedded-postgres-binaries-" + arch
	err := maven(ctx, dir, "dependency:copy", "-DoutputDirectory="+dir,
		"-Dartifact=io.zonky.test.postgres:"+artifact+":"+postgres18Version)
	if err != nil {
		return err
	}
	jar := filepath.Join(dir, artifact+"-"+postgres18Version+".jar")
	tar := filepath.Join(dir, "postgres.txz")
	if err := unzipOne(jar, ".txz", tar); err != nil {
		return err
	}
	if _, err := (program{path: "tar", args: []string{"-xJf", tar, "--no-same-owner"}, dir: dir}).output(ctx); err != nil {
		return err
	}
	return errors.Join(os.Remove(jar), os.Remove(tar))
}

// unzipOne writes the one entry of an archive that has the suffix.
func unzipOne(archive, suffix, to string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening %s: %w", archive, err)
	}
	defer func() { _ = z.Close() }()
	for _, entry := range z.File {
		if !strings.HasSuffix(entry.Name, suffix) {
			continue
		}
		in, err := entry.Open()
		if err != nil {
			return fmt.Errorf("reading %s: %w", archive, err)
		}
		defer func() { _ = in.Close() }()
		out, err := os.Create(to)
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", archive, err)
		}
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Close())
	}
	return fmt.Errorf("%s holds no %s", archive, suffix)
}
