package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"carillon/core/accept"
)

const linesName = "Carillon, POST /v1/contacts/bulk"

// lined posts the contacts as streams of lines to a gateway process with a fresh database, a stream for each worker of the
// raw side.
func (gr *ground) lined(ctx context.Context, rows int) (s Sample, err error) {
	h, err := gr.openHost(ctx, resting(gr.options.Slots))
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.Start(ctx); err != nil {
		return s, err
	}
	before, err := countRows(ctx, h.raw)
	if err != nil {
		return s, err
	}
	streams := gr.options.Workers
	texts := make([][]byte, streams)
	for i := range texts {
		if texts[i], err = stream(h.requests(rows/streams, false)); err != nil {
			return s, err
		}
	}
	rows = rows / streams * streams
	s, err = h.run(ctx, "lines", rows, func() error {
		var all errgroup.Group
		for i := range texts {
			all.Go(func() error { return h.sendLines(ctx, texts[i], rows/streams) })
		}
		return all.Wait()
	})
	if err != nil {
		return s, err
	}
	s.Note = fmt.Sprintf("%d streams", streams)
	s.Counts, err = countRows(ctx, h.raw)
	for table := range before {
		s.Counts[table] -= before[table]
	}
	return s, err
}

// stream is requests as the lines of one body.
func stream(requests []accept.Request) ([]byte, error) {
	var out bytes.Buffer
	for _, r := range requests {
		text, err := json.Marshal(struct {
			Key string `json:"key"`
			body
		}{r.Key, bodyOf(r)})
		if err != nil {
			return nil, err
		}
		out.Write(append(text, '\n'))
	}
	return out.Bytes(), nil
}

// sendLines writes one stream while it reads its answers, and believes the last one.
func (h *Host) sendLines(ctx context.Context, text []byte, n int) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	var sending errgroup.Group
	sending.Go(func() error {
		head := fmt.Sprintf("POST /v1/contacts/bulk HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\n"+
			"Content-Length: %d\r\nConnection: close\r\n\r\n", h.key, len(text))
		if _, err := io.WriteString(conn, head); err != nil {
			return err
		}
		_, err := conn.Write(text)
		return err
	})
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 64<<10), nil)
	if err != nil {
		return errors.Join(err, conn.Close(), sending.Wait())
	}
	defer answer.Body.Close()
	last, err := lastLine(answer.Body)
	if err := errors.Join(err, sending.Wait()); err != nil {
		return err
	}
	var end struct {
		State    string `json:"state"`
		Accepted int    `json:"accepted"`
	}
	if err := json.Unmarshal(last, &end); err != nil || end.State != "done" || end.Accepted != n {
		return fmt.Errorf("the stream of %d lines ended with %d: %s", n, answer.StatusCode, last)
	}
	return nil
}

// lastLine reads everything and keeps the last line.
func lastLine(from io.Reader) ([]byte, error) {
	var last []byte
	lines := bufio.NewReaderSize(from, 64<<10)
	for {
		l, err := lines.ReadSlice('\n')
		if len(l) > 0 {
			last = append(last[:0], l...)
		}
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return last, err
		}
	}
}
