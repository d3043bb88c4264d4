package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/core/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hidden = "+31612345678"

// phone is a person's: it shows its last digits only.
type phone struct{ Number string }

func (p phone) Redacted() string { return "…" + p.Number[len(p.Number)-2:] }

// house shows itself by its pointer.
type house struct{ Street string }

func (*house) Redacted() string { return "a house" }

// told describes itself, without care for what it holds.
type told struct{ Phone phone }

func (told) String() string { return "told" }

// kept writes its own JSON.
type kept struct{ phone phone }

func (kept) MarshalJSON() ([]byte, error) { return []byte(`"kept"`), nil }

// grouped logs itself as a group.
type grouped struct{ phone phone }

func (g grouped) LogValue() slog.Value { return slog.GroupValue(slog.Any("inner", g.phone)) }

// endless logs itself as itself.
type endless struct{ Next *endless }

// broken cannot be shown.
type broken struct{}

func (broken) Redacted() string { panic(hidden) }

type contact struct {
	Name    string
	Phone   phone
	House   house
	Phones  []phone
	ByName  map[string]any
	Pointer *phone
	Nothing *phone
	Secret  secret.Text
	When    time.Time
	Kind    fault.Kind
	Skipped string `json:"-"`
	phone   phone
	raw     string
}

func example() contact {
	p := phone{hidden}
	return contact{
		Name: "x", Phone: p, House: house{hidden}, Phones: []phone{p}, ByName: map[string]any{"a": p, "b": &p, "c": told{p}},
		Pointer: &p, Secret: secret.New(hidden), When: time.Unix(0, 0).UTC(), Kind: fault.Refused,
		Skipped: hidden, phone: p, raw: hidden,
	}
}

func TestLoggerRedacts(t *testing.T) {
	loop := &endless{}
	loop.Next = loop
	p := phone{hidden}
	for name, value := range map[string]any{
		"itself": p, "pointer": &p, "pointer to pointer": new(*phone), "slice": []phone{p}, "array": [1]*phone{&p},
		"map": map[string]phone{"a": p}, "key": map[phone]int{p: 1}, "struct": example(), "pointer to struct": new(example()),
		"house": house{hidden}, "secret": secret.New(hidden), "told": told{p}, "kept": kept{p}, "grouped": grouped{p},
		"group in a slice": []any{grouped{p}}, "told in a slice": []told{{p}}, "endless": loop, "bytes": []byte(hidden),
		"broken": broken{}, "nil": nil, "func": func() {}, "error": fault.Wrap(fault.Refused, "sending", errors.New(hidden)),
		"anonymous": struct{ phone }{p},
	} {
		for _, format := range []telemetry.Format{telemetry.JSON, telemetry.Text} {
			var out bytes.Buffer
			log := telemetry.NewLogger(&out, slog.LevelInfo, format)
			log.With(slog.Any("with", value)).WithGroup("group").Info("attempt", slog.Any("value", value), slog.Group("in", slog.Any("value", value)))
			if line := out.String(); strings.Contains(line, hidden) || strings.Contains(line, "ERROR") || !strings.Contains(line, "attempt") {
				t.Errorf("%s in %s: %s", name, format, line)
			}
		}
	}
}

func TestLoggerShows(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo, telemetry.JSON)
	log.Debug("too low")
	log.Info("attempt", slog.Duration("took", time.Second), slog.Any("error", errors.New("bad")),
		slog.Any("kind", fault.Refused), slog.Any("contact", example()), slog.Int("count", 3))
	var got struct {
		Msg, Level, Error, Kind string
		Count                   int
		Contact                 map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if got.Msg != "attempt" || got.Level != "INFO" || got.Error != "bad" || got.Kind != "refused" || got.Count != 3 {
		t.Errorf("got %+v", got)
	}
	want := map[string]string{
		"Name": "x", "Phone": "…78", "House": "a house", "Phones": "[…78]", "ByName": "map[a:…78 b:…78 c:told]", "Pointer": "…78",
		"Nothing": "<nil>", "Secret": secret.Mask, "When": "1970-01-01T00:00:00Z", "Kind": "refused",
	}
	for field, shown := range want {
		if fmt.Sprint(got.Contact[field]) != shown {
			t.Errorf("%s is %v, want %s", field, got.Contact[field], shown)
		}
	}
	if len(got.Contact) != len(want) {
		t.Errorf("shows %v", got.Contact)
	}
}

func TestFormat(t *testing.T) {
	var f telemetry.Format
	if err := f.UnmarshalText([]byte("text")); err != nil || f != telemetry.Text {
		t.Errorf("got %s, %v", f, err)
	}
	if err := f.UnmarshalText([]byte("xml")); err == nil {
		t.Error("takes a format there is not")
	}
}

func TestBuild(t *testing.T) {
	build := telemetry.ReadBuild()
	if build.Version == "" || build.Go == "" {
		t.Errorf("got %+v", build)
	}
	reg := prometheus.NewPedanticRegistry()
	if err := build.Register(reg); err != nil {
		t.Fatal(err)
	}
	if build.Register(reg) == nil {
		t.Error("registered twice")
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) != 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}

func BenchmarkLogger(b *testing.B) {
	log := telemetry.NewLogger(new(bytes.Buffer), slog.LevelError, telemetry.JSON)
	for b.Loop() {
		log.InfoContext(context.Background(), "attempt", slog.Duration("took", time.Second))
	}
}
