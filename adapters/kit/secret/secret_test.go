package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"carillon/adapters/kit/secret"
)

const hidden = "hunter2-and-more"

type open struct {
	User     string
	Password secret.Text
	Tokens   []secret.Text
	ByName   map[string]secret.Text
	Pointer  *secret.Text
}

type closed struct {
	password secret.Text
	inner    open
}

func example() open {
	s := secret.New(hidden)
	return open{User: "carillon", Password: s, Tokens: []secret.Text{s}, ByName: map[string]secret.Text{"a": s}, Pointer: &s}
}

func TestTextNeverPrints(t *testing.T) {
	values := map[string]any{
		"text": secret.New(hidden), "pointer": example().Pointer, "struct": example(), "deep": &open{Password: secret.New(hidden)},
		"unexported": closed{password: secret.New(hidden), inner: example()},
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%10.3s"}
	for name, value := range values {
		for _, verb := range verbs {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, hidden) || strings.Contains(got, fmt.Sprintf("%x", hidden)) {
				t.Errorf("%s with %s shows the secret: %s", name, verb, got)
			}
		}
		for _, logged := range logs(t, value) {
			if strings.Contains(logged, hidden) {
				t.Errorf("%s logs the secret: %s", name, logged)
			}
		}
	}
	if got := fmt.Sprint(secret.New(hidden)); got != secret.Mask {
		t.Errorf("prints %q, want the mask", got)
	}
}

func logs(t *testing.T, value any) []string {
	t.Helper()
	var asJSON, asText bytes.Buffer
	slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("config", slog.Any("value", value))
	slog.New(slog.NewTextHandler(&asText, nil)).Info("config", slog.Any("value", value))
	return []string{asJSON.String(), asText.String()}
}

func TestTextMarshals(t *testing.T) {
	t.Run("as the mask in JSON", func(t *testing.T) {
		got, err := json.Marshal(example())
		if err != nil {
			t.Fatal(err)
		}
		want := `{"User":"carillon","Password":"•••","Tokens":["•••"],"ByName":{"a":"•••"},"Pointer":"•••"}`
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("as the mask in YAML", func(t *testing.T) {
		got, err := yaml.Marshal(example())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(got), hidden) || strings.Count(string(got), secret.Mask) != 4 {
			t.Errorf("got %s", got)
		}
	})
	t.Run("as nothing when empty", func(t *testing.T) {
		got, err := json.Marshal(struct {
			A secret.Text
			B secret.Text `json:",omitzero"`
		}{})
		if err != nil || string(got) != `{"A":""}` {
			t.Errorf("got %s, %v", got, err)
		}
	})
}

func TestTextUnmarshals(t *testing.T) {
	type config struct {
		Password secret.Text `env:"PASSWORD"`
	}
	check := func(t *testing.T, got config, err error) {
		t.Helper()
		if err != nil || got.Password.Reveal() != hidden {
			t.Errorf("got %q, %v", got.Password.Reveal(), err)
		}
	}
	t.Run("from JSON", func(t *testing.T) {
		var got config
		err := json.Unmarshal([]byte(`{"Password":"`+hidden+`"}`), &got)
		check(t, got, err)
	})
	t.Run("from YAML", func(t *testing.T) {
		var got config
		err := yaml.Unmarshal([]byte("password: "+hidden), &got)
		check(t, got, err)
	})
	t.Run("from a flag and from the environment", func(t *testing.T) {
		t.Setenv("PASSWORD", hidden)
		for _, args := range [][]string{{"--password", hidden}, nil} {
			var got config
			parser, err := kong.New(&got)
			if err != nil {
				t.Fatal(err)
			}
			_, err = parser.Parse(args)
			check(t, got, err)
		}
	})
	t.Run("refuses its own mask", func(t *testing.T) {
		var got secret.Text
		if err := got.UnmarshalText([]byte(secret.Mask)); err == nil {
			t.Error("took the mask for a secret")
		}
	})
}

func TestTextCompares(t *testing.T) {
	if !secret.New(hidden).Equal(secret.New(hidden)) || secret.New(hidden).Equal(secret.Text{}) {
		t.Error("equal is wrong")
	}
	if diff := cmp.Diff(example(), example()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(secret.New(hidden), secret.Text{}); strings.Contains(diff, hidden) {
		t.Errorf("the difference shows the secret: %s", diff)
	}
	if !secret.New("").IsZero() || secret.New(hidden).Empty() {
		t.Error("empty is wrong")
	}
}
