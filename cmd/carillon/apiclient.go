package main

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

// apiSettings reach a running gateway.
type apiSettings struct {
	URL string      `name:"url" help:"Address of a running gateway." default:"http://127.0.0.1:8080"`
	Key secret.Text `help:"Key of the API."`
}

// call asks the gateway and prints its answer as it came.
func (c apiSettings) call(w world, method, path string) error {
	status, body, err := c.client().do(w.ctx, method, path, nil, nil)
	if err != nil {
		return err
	}
	return shown(w, status, body)
}

// client speaks to the gateway.
func (c apiSettings) client() apiClient {
	return apiClient{base: strings.TrimSuffix(c.URL, "/"), key: c.Key.Reveal(), http: &http.Client{Timeout: 5 * time.Minute}}
}

// shown prints an answer as it came; a refusal is an error.
func shown(w world, status int, body []byte) error {
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "", "  ") == nil {
		body = pretty.Bytes()
	}
	if _, err := fmt.Fprintln(w.out, strings.TrimSpace(string(body))); err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return errors.New("the gateway answered " + http.StatusText(status))
	}
	return nil
}

// apiClient speaks to a gateway as any other client would.
type apiClient struct {
	base string
	key  string
	http *http.Client
}

// do makes one request and reads its answer.
func (c apiClient) do(ctx context.Context, method, path string, header map[string]string, body any) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}
