package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carillon/cmd/internal/cli"
)

// balancer stands before the gateways as a load balancer does: a request goes to the next one that answers.
type balancer struct {
	turn   atomic.Int64
	at     []string
	client *http.Client
}

// balance listens before gateways at the given addresses.
func balance(t *testing.T, at []string) (url string) {
	t.Helper()
	b := &balancer{at: at, client: &http.Client{Timeout: 5 * time.Second}}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); b.client.CloseIdleConnections() })
	return "http://" + l.Addr().String()
}

// ServeHTTP implements http.Handler.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	first := int(b.turn.Add(1))
	for i := range b.at {
		to := "http://" + b.at[(first+i)%len(b.at)] + r.URL.RequestURI()
		ask, err := http.NewRequestWithContext(r.Context(), r.Method, to, bytes.NewReader(body))
		if err != nil {
			return
		}
		ask.Header = r.Header.Clone()
		answer, err := b.client.Do(ask)
		if err != nil || answer.StatusCode >= http.StatusInternalServerError && i+1 < len(b.at) {
			if err == nil {
				_ = answer.Body.Close()
			}
			continue
		}
		defer answer.Body.Close()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
		return
	}
	http.Error(w, "no gateway answers", http.StatusBadGateway)
}

// posted is a contact that the client had a 202 for.
type posted struct {
	reference, contact, kind string
}

// stream posts contacts without end, until it is stopped. A request without an answer is repeated under its key at the
// next gateway; one in ten is repeated though it was answered; bulk contacts go as a file when the gateway takes files.
type stream struct {
	mark    string
	at      []string
	key     string
	seed    uint64
	client  *http.Client
	perTurn time.Duration

	next     atomic.Int64
	repeated atomic.Int64
	mu       sync.Mutex
	taken    []posted
	wrong    []string
	stopping chan struct{}
	ended    sync.WaitGroup
}

// fireKinds are the contact types of the stream and how often they come, of twenty.
func fireKinds() []string {
	return []string{
		aText, anEmail, "OUTAGE", aText, "PLANNED", aCall, anEmail, "PLANNED", "DISCONNECT", aText,
		"OUTAGE", anEmail, aLetter, "PLANNED", aText, aCall, anEmail, "PLANNED", "OUTAGE", aLetter,
	}
}

// fireContact is the request of number i, whose content is unique by its reference.
func fireContact(mark string, i int) (map[string]any, string) {
	kind := fireKinds()[i%len(fireKinds())]
	r := contactOf(kind, []string{"NORTH", "SOUTH"}[i/7%2], mark, i)
	r["class"] = map[string]string{aText: "BILL", anEmail: "BILL", "OUTAGE": "OUT", "PLANNED": "OUT", aCall: "SEV", "DISCONNECT": "SEV", aLetter: "CUST"}[kind]
	unique := fmt.Sprintf("%s-%06d", mark, i)
	data, _ := r["data"].(map[string]any)
	data["restored"], data["day"] = "11:30 ("+unique+")", "Tuesday ("+unique+")"
	return r, kind
}

// pour begins to post to gateways, workers at once.
func pour(t *testing.T, mark, key string, at []string, seed uint64, perSecond int, bulk bool) *stream {
	t.Helper()
	const workers = 8
	s := &stream{
		mark: mark, at: at, key: key, seed: seed, stopping: make(chan struct{}), perTurn: time.Second * workers / time.Duration(perSecond),
		client: &http.Client{Timeout: 8 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: workers}},
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); s.ended.Wait(); s.client.CloseIdleConnections() })
	if bulk {
		s.ended.Go(func() { s.files(ctx, rand.New(rand.NewPCG(seed, workers))) })
	}
	for w := range workers {
		s.ended.Go(func() { s.work(ctx, rand.New(rand.NewPCG(seed, uint64(w)))) })
	}
	return s
}

// linesOfAFile is how many contacts a file of the stream holds.
const linesOfAFile = 20

// files posts files of contacts, one after the other; one that was cut, or some of whose lines have no answer yet, is sent
// again at the next gateway.
func (s *stream) files(ctx context.Context, r *rand.Rand) {
	for {
		select {
		case <-s.stopping:
			return
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		first := int(s.next.Add(linesOfAFile)) - linesOfAFile
		var file bytes.Buffer
		write := json.NewEncoder(&file)
		for i := first; i < first+linesOfAFile; i++ {
			request, _ := fireContact(s.mark, i)
			request["key"] = fmt.Sprintf("%s-%d", s.mark, i)
			_ = write.Encode(request) // a buffer takes everything
		}
		answered := map[int]string{}
		for turn := r.IntN(len(s.at)); len(answered) < linesOfAFile && ctx.Err() == nil; turn++ {
			s.send(ctx, "http://"+s.at[turn%len(s.at)], file.Bytes(), answered)
		}
		s.mu.Lock()
		for line, contact := range answered {
			request, kind := fireContact(s.mark, first+line-1)
			s.taken = append(s.taken, posted{reference: word(request, "reference"), contact: contact, kind: kind})
		}
		s.mu.Unlock()
	}
}

// send sends a file once, and notes the lines that were accepted.
func (s *stream) send(ctx context.Context, to string, file []byte, answered map[int]string) {
	status, text, err := s.upload(ctx, to, file)
	if err != nil || status != http.StatusOK {
		s.repeated.Add(1)
		if err == nil && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			s.accuse("a file was answered %d: %s", status, text)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	for line := range bytes.Lines(text) {
		var result struct {
			Line, Status int
			Contact      string
		}
		if json.Unmarshal(line, &result) != nil || result.Line == 0 || result.Status != http.StatusAccepted {
			continue // cut, the end, or to be sent again
		}
		if before := answered[result.Line]; before != "" && before != result.Contact {
			s.accuse("line %d was answered with contact %s, and repeated with %s", result.Line, before, result.Contact)
		}
		answered[result.Line] = result.Contact
	}
}

// upload is one request; what was answered before the connection was cut counts.
func (s *stream) upload(ctx context.Context, to string, file []byte) (int, []byte, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"/v1/contacts/bulk", bytes.NewReader(file))
	if err != nil {
		return 0, nil, err
	}
	ask.Header.Set("Authorization", "Bearer "+s.key)
	ask.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := s.client.Do(ask)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode == http.StatusOK {
		err = nil
	}
	return answer.StatusCode, text, err
}

func (s *stream) work(ctx context.Context, r *rand.Rand) {
	for {
		select {
		case <-s.stopping:
			return
		case <-ctx.Done():
			return
		case <-time.After(s.perTurn/2 + time.Duration(r.Int64N(int64(s.perTurn)))):
		}
		i := int(s.next.Add(1)) - 1
		request, kind := fireContact(s.mark, i)
		contact := s.post(ctx, r, i, request)
		if contact == "" {
			return // the test is over
		}
		if r.IntN(10) == 0 {
			if again := s.post(ctx, r, i, request); again != "" && again != contact {
				s.accuse("request %d was answered with contact %s, and repeated with %s", i, contact, again)
			}
		}
		s.mu.Lock()
		s.taken = append(s.taken, posted{reference: word(request, "reference"), contact: contact, kind: kind})
		s.mu.Unlock()
	}
}

func (s *stream) accuse(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// post posts until it is answered, at one gateway after the other; the contact's number, empty when the test is over.
func (s *stream) post(ctx context.Context, r *rand.Rand, i int, request map[string]any) string {
	header := map[string]string{"Idempotency-Key": fmt.Sprintf("%s-%d", s.mark, i)}
	for first := r.IntN(len(s.at)); ctx.Err() == nil; first++ {
		client := cli.Client{Base: "http://" + s.at[first%len(s.at)], Key: s.key, HTTP: s.client}
		status, body, err := client.Do(ctx, http.MethodPost, "/v1/contacts", header, request)
		var answer map[string]any
		switch {
		case err == nil && status == http.StatusAccepted && json.Unmarshal(body, &answer) == nil:
			return word(answer, "contact")
		case err == nil && status < http.StatusInternalServerError && status != http.StatusTooManyRequests:
			s.accuse("request %d was answered %d: %s", i, status, body)
			return ""
		}
		s.repeated.Add(1)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return ""
}

// stop ends the stream when every request under way has its answer, and returns what was accepted.
func (s *stream) stop(t *testing.T, bound time.Duration) []posted {
	t.Helper()
	close(s.stopping)
	done := make(chan struct{})
	go func() { s.ended.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(bound):
		t.Fatalf("within %s not every request had an answer", bound)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wrong) > 0 {
		t.Errorf("%d requests went wrong: %s", len(s.wrong), strings.Join(s.wrong[:min(5, len(s.wrong))], "\n"))
	}
	return s.taken
}
