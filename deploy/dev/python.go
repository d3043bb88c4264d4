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

// python is the interpreter with boto3: a client of AWS that is not ours.
type python struct{ site *site }

func (p python) Name() string     { return "python" }
func (p python) Variable() string { return "TEST_PYTHON" }

// Needs asks for the modules that Debian keeps apart from python3.
func (p python) Needs() []need {
	met := complete(p.folder()) || program{path: "python3", args: []string{"-c", "import venv, ensurepip"}}.works()
	return []need{{"python3", has("python3")}, {"python3-venv", met}}
}

// folder is the virtual environment; other requirements make another one.
func (p python) folder() string {
	sum := sha256.Sum256(requirements)
	return filepath.Join(p.site.cache, "python-"+hex.EncodeToString(sum[:6]))
}

// path is the interpreter.
func (p python) path() string { return filepath.Join(p.folder(), "bin", "python") }

// Open makes the virtual environment.
func (p python) Open(ctx context.Context) (record, error) {
	err := p.site.once(ctx, p.folder(), func(dir string) error {
		if _, err := (program{path: "python3", args: []string{"-m", "venv", dir}}).output(ctx); err != nil {
			return err
		}
		list := filepath.Join(dir, "requirements.txt")
		if err := os.WriteFile(list, requirements, 0o600); err != nil {
			return fmt.Errorf("writing the requirements: %w", err)
		}
		return thrice(ctx, program{path: p.path(), args: []string{"-m", "pip", "install", "--quiet", "--requirement", list}})
	})
	return record{Value: p.path()}, err
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
