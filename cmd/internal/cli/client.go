package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"carillon/adapters/kit/secret"
)

// API reaches a running gateway.
type API struct {
	URL string      `name:"url" help:"Address of a running gateway." default:"http://127.0.0.1:8080"`
	Key secret.Text `help:"Key of the API."`
}

// ShowAnswer asks the gateway and prints its answer as it came.
func (c API) ShowAnswer(w World, method, path string) error {
	status, body, err := c.Client().Do(w.Ctx, method, path, nil, nil)
	if err != nil {
		return err
	}
	return PrintAnswer(w, status, body)
}

// Client speaks to the gateway.
func (c API) Client() Client {
	return NewClient(c.URL, c.Key.Reveal(), 5*time.Minute)
}

// PrintAnswer prints an answer as it came; a refusal is an error.
func PrintAnswer(w World, status int, body []byte) error {
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "", "  ") == nil {
		body = pretty.Bytes()
	}
	if _, err := fmt.Fprintln(w.Out, strings.TrimSpace(string(body))); err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return errors.New("the gateway answered " + http.StatusText(status))
	}
	return nil
}

// Client speaks to a gateway as any other client would.
type Client struct {
	Base string // its address
	Key  string // of the API; empty: none
	HTTP *http.Client
}

// NewClient speaks to the gateway at an address by a key; no request takes longer than most.
func NewClient(address, key string, most time.Duration) Client {
	return Client{Base: strings.TrimSuffix(address, "/"), Key: key, HTTP: &http.Client{Timeout: most}}
}

// Do makes one request and reads its answer.
func (c Client) Do(ctx context.Context, method, path string, header map[string]string, body any) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := c.HTTP.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// AskJSON makes one request and reads its answer; one that is refused is told in its own words.
func (c API) AskJSON(w World, method, path string, header map[string]string, body, into any) error {
	status, text, err := c.Client().Do(w.Ctx, method, path, header, body)
	switch {
	case err != nil:
		return err
	case status >= http.StatusBadRequest:
		return fmt.Errorf("the gateway answered %s: %s", http.StatusText(status), strings.TrimSpace(string(text)))
	}
	return json.Unmarshal(text, into)
}
