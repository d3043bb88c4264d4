package kafkaout

import (
	"testing"

	"carillon/core/fault"
)

func TestAnswers(t *testing.T) {
	cfg := Config{Connection: Connection{Brokers: broker(t)}, Source: "/utility/east"}
	a, err := NewAnswers(cfg, "carillon.status", "carillon.manifests", dial(t, cfg), guarded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop(t.Context())
	good := Answer{Key: "account", ID: "contacts/3/7", At: acceptance, Body: []byte(`{"status":202}`)}
	dead := Answer{
		Dead: true, Key: "account", ID: "contacts/3/8", At: acceptance, Body: []byte("no JSON\x00"),
		Headers: map[string]string{"carillon-reason": "no_json", "carillon-offset": "8"},
	}
	if err := a.Answer(t.Context(), []Answer{good, dead}); err != nil {
		t.Fatal(err)
	}
	const common = ";ce_source=/utility/east;ce_time=2026-03-02T14:00:00.123Z;content-type=application/json;"
	for topic, want := range map[string]struct{ value, headers string }{
		"carillon.status":    {`{"status":202}`, "ce_specversion=1.0;ce_id=contacts/3/7;ce_type=carillon.intake.result.v1" + common},
		"carillon.manifests": {"no JSON\x00", "ce_specversion=1.0;ce_id=contacts/3/8;ce_type=carillon.intake.dead.v1" + common + "carillon-offset=8;carillon-reason=no_json;"},
	} {
		got := read(t, cfg.Connection.Brokers, topic)
		if len(got) != 1 || string(got[0].Key) != "account" || string(got[0].Value) != want.value || headers(got[0]) != want.headers {
			t.Errorf("%s holds %v\nwant %v", topic, got, want)
		}
	}
	cfg.MaxMessageBytes = 200
	small, err := NewAnswers(cfg, "carillon.status", "carillon.manifests", dial(t, cfg), guarded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer small.Stop(t.Context())
	good.Body = make([]byte, 300)
	if err := small.Answer(t.Context(), []Answer{good}); !fault.Is(err, fault.Refused) {
		t.Errorf("too large: %v", err)
	}
	if _, err := NewAnswers(cfg, "no topic!", "d", dial(t, cfg), guarded(t)); err == nil {
		t.Error("a topic that is none is taken")
	}
}
