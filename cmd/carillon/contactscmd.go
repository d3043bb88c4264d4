package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"carillon/cmd/internal/cli"
)

// ContactsCmd posts contacts through the API of a running gateway.
type ContactsCmd struct {
	Send ContactsSendCmd `cmd:"" help:"Post a file of contacts, one JSON object per line, and keep what became of each."`
}

// ContactsSendCmd posts a file of contacts.
type ContactsSendCmd struct {
	cli.API

	File    string `arg:"" help:"File of contacts, as POST /v1/contacts/bulk takes them." type:"existingfile"`
	Results string `help:"File of results, one per line; empty: that of the contacts with .results behind." placeholder:"FILE"`
	Batch   string `help:"Id of the batch; empty: the gateway makes one."`
	Again   bool   `help:"Send only what was not answered before, by the file of results, and add to it."`
}

// errUnfinished says that lines are left to be sent.
var errUnfinished = errors.New("not every line was answered: repeat it with --again")

// Run sends the file and prints the last line of the answer.
func (c *ContactsSendCmd) Run(w cli.World) error {
	if c.Results == "" {
		c.Results = c.File + ".results"
	}
	done := map[string]bool{}
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if c.Again {
		mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
		var err error
		if done, err = answeredKeys(c.Results); err != nil {
			return err
		}
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	results, err := os.OpenFile(c.Results, mode, 0o600)
	if err != nil {
		return err
	}
	size := 0
	if info, err := file.Stat(); err == nil {
		size = int(info.Size())
	}
	bar := cli.NewByteBar(w.ErrOut, "sending contacts", size)
	last, err := c.sendStream(w, withoutAnswered(io.TeeReader(file, bar), done), results)
	_ = bar.Finish()
	if err := errors.Join(err, results.Close()); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w.Out, string(last)); err != nil {
		return err
	}
	var end struct{ State string }
	if json.Unmarshal(last, &end) != nil || end.State != "done" {
		return errUnfinished
	}
	return nil
}

// sendStream posts a stream, writes its results and returns the last line of the answer.
func (c *ContactsSendCmd) sendStream(w cli.World, body io.Reader, results io.Writer) ([]byte, error) {
	where := strings.TrimSuffix(c.URL, "/") + "/v1/contacts/bulk"
	if c.Batch != "" {
		where += "?batch=" + url.QueryEscape(c.Batch)
	}
	r, err := http.NewRequestWithContext(w.Ctx, http.MethodPost, where, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	r.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := (&http.Client{}).Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		return nil, errors.New("the gateway answered " + http.StatusText(answer.StatusCode) + ": " + string(text))
	}
	kept := bufio.NewWriter(results)
	last, err := keepResults(answer.Body, kept)
	return last, errors.Join(err, kept.Flush())
}

// keepResults writes results on and returns the last line, which is none. A stream that was cut has none.
func keepResults(from io.Reader, to io.Writer) (last []byte, err error) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if !isResult(line) {
				return line, nil
			}
			if _, err := to.Write(append(line, '\n')); err != nil {
				return nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errUnfinished
		case err != nil:
			return nil, errors.Join(errUnfinished, err)
		}
	}
}

func isResult(line []byte) bool {
	var one struct{ Line int64 }
	return json.Unmarshal(line, &one) == nil && one.Line > 0
}

// answeredKeys are the keys of lines that were answered for good: accepted, or refused. A failure of ours is not.
func answeredKeys(name string) (map[string]bool, error) {
	done := map[string]bool{}
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		var one struct {
			Key    string
			Status int
		}
		if json.Unmarshal(line, &one) == nil && one.Key != "" && one.Status < http.StatusInternalServerError {
			done[one.Key] = true
		}
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// withoutAnswered leaves lines out whose key is done, as empty lines, so that the others keep their numbers.
func withoutAnswered(from io.Reader, done map[string]bool) io.Reader {
	if len(done) == 0 {
		return from
	}
	body, to := io.Pipe()
	go func() {
		lines := bufio.NewReader(from)
		for {
			line, err := lines.ReadBytes('\n')
			var one struct{ Key string }
			if json.Unmarshal(line, &one) == nil && done[one.Key] {
				line = []byte("\n")
			}
			if _, err := to.Write(line); err != nil {
				return // nobody reads any more
			}
			if err != nil {
				_ = to.CloseWithError(err) // io.EOF ends the body
				return
			}
		}
	}()
	return body
}
