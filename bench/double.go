package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// double plays SNS: it takes every text at once. It speaks just enough HTTP and query protocol for the AWS SDK, so that it is
// no bottleneck beside it, and it remembers when each marked text came.
type double struct {
	listener net.Listener
	taken    atomic.Int64
	arrived  atomic.Pointer[[]atomic.Int64] // by mark, nanoseconds since the epoch; 0: not yet
	twice    atomic.Int64                   // marked texts that came again
	receipts atomic.Int64                   // handed out so far: no two are alike
	serving  sync.WaitGroup
}

func openDouble() (*double, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Close
	if err != nil {
		return nil, err
	}
	d := &double{listener: l}
	d.expect(0)
	d.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(conn) // ends with its peer
		}
	})
	return d, nil
}

// Close stops taking connections.
func (d *double) Close() error {
	err := d.listener.Close()
	d.serving.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (d *double) address() string { return d.listener.Addr().String() }

// expect forgets what came and makes room for so many marked texts.
func (d *double) expect(n int) {
	room := make([]atomic.Int64, n)
	d.arrived.Store(&room)
	d.taken.Store(0)
	d.twice.Store(0)
}

// The mark of a text, as it also stands in an encoded form.
const (
	markOpens  = "ZZ"
	markDigits = 12
)

func mark(i int) string { return fmt.Sprintf("%s%0*d", markOpens, markDigits, i) }

// when is when a marked text came; the zero time: not yet.
func (d *double) when(i int) time.Time {
	if at := (*d.arrived.Load())[i].Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// missing is how many marked texts have not come.
func (d *double) missing() (n int) {
	room := *d.arrived.Load()
	for i := range room {
		if room[i].Load() == 0 {
			n++
		}
	}
	return n
}

func (d *double) serve(conn net.Conn) {
	defer conn.Close()
	from := bufio.NewReaderSize(conn, 8<<10)
	body := make([]byte, 0, 4<<10)
	for {
		if _, err := from.ReadSlice('\n'); err != nil { // the request line
			return
		}
		n, err := bodyLength(from)
		if err != nil || n > 64<<10 {
			return
		}
		if cap(body) < n {
			body = make([]byte, 0, n)
		}
		body = body[:n]
		for read := 0; read < n; {
			k, err := from.Read(body[read:])
			if err != nil {
				return
			}
			read += k
		}
		if _, err := conn.Write(d.answer(body)); err != nil {
			return
		}
	}
}

const (
	published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>bench-%016x</MessageId></PublishResult>` +
		`<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></PublishResponse>`
	attributes = `<GetSMSAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetSMSAttributesResult><attributes/></GetSMSAttributesResult>` +
		`<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></GetSMSAttributesResponse>`
)

func (d *double) answer(body []byte) []byte {
	text := attributes
	if bytes.Contains(body, []byte("Action=Publish&")) {
		d.noted(body, time.Now().UnixNano())
		d.taken.Add(1)
		text = fmt.Sprintf(published, d.receipts.Add(1))
	}
	return fmt.Appendf(make([]byte, 0, 512), "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// noted writes down when a marked text came.
func (d *double) noted(body []byte, now int64) {
	room := *d.arrived.Load()
	at := bytes.Index(body, []byte(markOpens))
	if len(room) == 0 || at < 0 || at+len(markOpens)+markDigits > len(body) {
		return
	}
	i, err := strconv.Atoi(string(body[at+len(markOpens) : at+len(markOpens)+markDigits]))
	if err == nil && i < len(room) && !room[i].CompareAndSwap(0, now) {
		d.twice.Add(1)
	}
}
