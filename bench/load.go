package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// line is one kept connection of the load generator. It writes requests that were made beforehand and reads as much of an
// answer as it must, so that its own cost, which is in both sides of a ratio, is small.
type line struct {
	conn net.Conn
	from *bufio.Reader
}

func dial(ctx context.Context, address string) (*line, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, from: bufio.NewReaderSize(conn, 8<<10)}, nil
}

// post sends a request and takes the answer, which must be 202.
func (l *line) post(request []byte) error {
	if err := l.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := l.conn.Write(request); err != nil {
		return err
	}
	status, err := l.from.ReadSlice('\n')
	if err != nil {
		return err
	}
	taken := bytes.HasPrefix(status, []byte("HTTP/1.1 202"))
	told := string(bytes.TrimSpace(status))
	length, err := bodyLength(l.from)
	if err != nil {
		return err
	}
	if !taken {
		body, _ := l.from.Peek(min(length, 500))
		return fmt.Errorf("answered %s: %s", told, body)
	}
	_, err = l.from.Discard(length)
	return err
}

// bodyLength reads the header to its end and returns the length of the body that it tells.
func bodyLength(from *bufio.Reader) (int, error) {
	length := 0
	for {
		h, err := from.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if h = bytes.TrimSpace(h); len(h) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(h, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return 0, errors.New("a body of unknown length")
		}
	}
}

// poured posts all requests over so many connections as fast as they are answered, and says how long each took.
func poured(ctx context.Context, address string, conns int, requests [][]byte) ([]time.Duration, error) {
	lines := make([]*line, conns)
	for i := range lines {
		l, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		defer l.conn.Close()
		lines[i] = l
	}
	took := make([]time.Duration, len(requests))
	var next atomic.Int64
	var all errgroup.Group
	for _, l := range lines {
		all.Go(func() error {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(requests) {
					return nil
				}
				began := time.Now()
				if err := l.post(requests[i]); err != nil {
					return err
				}
				took[i] = time.Since(began)
			}
			return ctx.Err()
		})
	}
	return took, all.Wait()
}

// paced posts requests one by one at a steady rate and says when each was sent. One that is answered late does not keep the
// next one back, as long as there are connections.
func paced(ctx context.Context, address string, every time.Duration, requests [][]byte) ([]time.Time, error) {
	sent := make([]time.Time, len(requests))
	queue := make(chan int, len(requests))
	var all errgroup.Group
	for range 16 {
		all.Go(func() error {
			l, err := dial(ctx, address)
			if err != nil {
				return err
			}
			defer l.conn.Close()
			for i := range queue {
				sent[i] = time.Now()
				if err := l.post(requests[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	began := time.Now()
	for i := range requests {
		time.Sleep(time.Until(began.Add(time.Duration(i) * every)))
		queue <- i
	}
	close(queue)
	return sent, all.Wait()
}

// quantiles are the median and the 99th percentile.
func quantiles(took []time.Duration) (half, most time.Duration) {
	if len(took) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2], sorted[len(sorted)*99/100]
}
