package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

//go:embed requirements.txt
var requirements []byte

//go:embed clients.txt
var clientRequirements []byte

// environment makes a virtual environment in a folder, with what a list asks for.
func environment(ctx context.Context, s *site, folder string, list []byte) error {
	return s.once(ctx, folder, func(dir string) error {
		if _, err := (program{path: "python3", args: []string{"-m", "venv", dir}}).output(ctx); err != nil {
			return err
		}
		file := filepath.Join(dir, "requirements.txt")
		if err := os.WriteFile(file, list, 0o600); err != nil {
			return fmt.Errorf("writing the requirements: %w", err)
		}
		interpreter := filepath.Join(folder, "bin", "python")
		return thrice(ctx, program{path: interpreter, args: []string{"-m", "pip", "install", "--quiet", "--requirement", file}})
	})
}

// environmentOf is the folder of a list; another list makes another one.
func environmentOf(s *site, list []byte) string {
	sum := sha256.Sum256(list)
	return filepath.Join(s.cache, "python-"+hex.EncodeToString(sum[:6]))
}

// interpreter asks for Python and the modules that Debian keeps apart from it, while an environment is not made.
func interpreter(folder string) []need {
	met := complete(folder) || program{path: "python3", args: []string{"-c", "import venv, ensurepip"}}.works()
	return []need{{"python3", has("python3")}, {"python3-venv", met}}
}

// clients are clients of an HTTP API that are not ours: schemathesis, and a generator of clients.
type clients struct{ site *site }

func (c clients) Name() string     { return "clients" }
func (c clients) Variable() string { return "TEST_API_CLIENTS" }
func (c clients) Needs() []need    { return interpreter(environmentOf(c.site, clientRequirements)) }

// Open makes their virtual environment; the value is the folder of their programs.
func (c clients) Open(ctx context.Context) (record, error) {
	folder := environmentOf(c.site, clientRequirements)
	return record{Value: filepath.Join(folder, "bin")}, environment(ctx, c.site, folder, clientRequirements)
}

// python is the interpreter with boto3: a client of AWS that is not ours.
type python struct{ site *site }

func (p python) Name() string     { return "python" }
func (p python) Variable() string { return "TEST_PYTHON" }

// Needs implements part.
func (p python) Needs() []need { return interpreter(p.folder()) }

// folder is the virtual environment.
func (p python) folder() string { return environmentOf(p.site, requirements) }

// path is the interpreter.
func (p python) path() string { return filepath.Join(p.folder(), "bin", "python") }

// Open makes the virtual environment.
func (p python) Open(ctx context.Context) (record, error) {
	return record{Value: p.path()}, environment(ctx, p.site, p.folder(), requirements)
}

// moto answers the calls of SNS, SES and SQS in AWS's stead.
type moto struct{ site *site }

func (m moto) Name() string     { return "moto" }
func (m moto) Variable() string { return "TEST_AWS_ENDPOINT" }
func (m moto) Needs() []need    { return python(m).Needs() }

// Open starts the server on a free port; its own report page tells when it answers.
func (m moto) Open(ctx context.Context) (record, error) {
	if _, err := python(m).Open(ctx); err != nil {
		return record{}, err
	}
	return again(func() (record, error) {
		port, err := freePort(ctx)
		if err != nil {
			return record{}, err
		}
		endpoint := "http://127.0.0.1:" + strconv.Itoa(port)
		serve := program{path: python(m).path(), args: []string{"-m", "moto.server", "-H", "127.0.0.1", "-p", strconv.Itoa(port)}}
		r, err := serve.launch(ctx, m.site.log("moto"), func(ctx context.Context) error {
			return answers(ctx, endpoint+"/moto-api/data.json")
		})
		r.Value = endpoint
		return r, err
	})
}

// answers reports whether a page answers 200.
func answers(ctx context.Context, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, http.NoBody)
	if err != nil {
		return fmt.Errorf("asking %s: %w", page, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", page, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", page, resp.Status)
	}
	return nil
}
