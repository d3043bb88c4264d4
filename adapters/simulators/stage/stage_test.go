package stage_test

import (
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"carillon/adapters/simulators/stage"
)

func TestDice(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a, b := stage.NewDice(7, "sns", start), stage.NewDice(7, "sns", start)
	for range 10 {
		if a.Fate("x", "+1555") != b.Fate("x", "+1555") || a.ID() != b.ID() || a.Chance(0.5) != b.Chance(0.5) {
			t.Fatal("the same seed does not give the same")
		}
	}
	if a.Fate("x") == stage.NewDice(8, "sns", start).Fate("x") || a.Fate("x", "y") == a.Fate("xy") {
		t.Error("another seed or other parts give the same fate")
	}
	if stage.NewDice(7, "sns", start.Add(1)).ID() == stage.NewDice(7, "sns", start).ID() {
		t.Error("another run gives the same ids")
	}
	below := 0
	for i := range 20_000 {
		if a.Fate("bounce", fmt.Sprintf("customer%d@home.example", i)) < 0.02 {
			below++
		}
	}
	if share := float64(below) / 20_000; math.Abs(share-0.02) > 0.005 {
		t.Errorf("2 %% of fates are %.2f %%", share*100)
	}
	span := stage.Span{Min: time.Second, Max: 2 * time.Second}
	for range 100 {
		if wait := a.Within(span); wait < span.Min || wait > span.Max {
			t.Fatalf("%v is not within the span", wait)
		}
	}
	if a.Within(stage.Span{}) != 0 || a.Chance(0) || !a.Chance(1) {
		t.Error("the ends of the rates")
	}
}

func TestCredential(t *testing.T) {
	t.Parallel()
	const rest = ", SignedHeaders=host;x-amz-date, Signature=abc"
	access, service, ok := stage.Credential("AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/sns/aws4_request" + rest)
	if !ok || access != "AKID" || service != "sns" {
		t.Errorf("got %s %s %v", access, service, ok)
	}
	for _, header := range []string{
		"", "Bearer x", "AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/sns/aws4_request",
		"AWS4-HMAC-SHA256 Credential=AKID/sns" + rest, "AWS4-HMAC-SHA256 " + rest,
		"AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/sns/aws3" + rest,
	} {
		if _, _, ok := stage.Credential(header); ok {
			t.Errorf("%q is taken for a credential", header)
		}
	}
}

func TestE164(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"+15555550100": true, "+4930123456": true, "15555550100": false, "+05555550100": false, "+1555": false,
		"+1555555010012345": false, "+1555a550100": false, "": false, "+": false,
	} {
		if stage.E164(number) != want {
			t.Errorf("%q: %v", number, !want)
		}
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if !stage.Sleep(ctx, 0) || !stage.Sleep(ctx, time.Nanosecond) {
		t.Error("a live context ends a wait")
	}
	cancel()
	if stage.Sleep(ctx, 0) || stage.Sleep(ctx, time.Hour) {
		t.Error("a dead context does not end a wait")
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	stage.Down(w)
	if w.Code != 503 || w.Header().Get("Content-Type") != "text/html" {
		t.Errorf("got %d %s", w.Code, w.Header())
	}
}
