package customer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/customer"
	"carillon/core/fault"
)

const secret = "+12125550123"

func TestAddress(t *testing.T) {
	t.Parallel()
	address := customer.Address(secret)
	held := customer.Recipient{Person: 1, Address: address}
	point := &customer.Point{Value: address}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
		for _, value := range []any{address, &address, held, &held, point, []customer.Address{address}, map[string]customer.Address{"a": address}} {
			t.Run(fmt.Sprintf("does not tell in %s of %T", verb, value), func(t *testing.T) {
				t.Parallel()
				tells(t, fmt.Sprintf(verb, value))
			})
		}
	}
	t.Run("does not tell in a log line", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("x", slog.Any("address", address), slog.Any("recipient", held), slog.Any("point", point),
				slog.Any("list", []customer.Address{address}))
		}
		tells(t, out.String())
	})
	t.Run("does not tell in JSON", func(t *testing.T) {
		t.Parallel()
		b, err := json.Marshal(map[string]any{"recipient": held, "address": address})
		if err != nil {
			t.Fatal(err)
		}
		tells(t, string(b))
	})
	t.Run("tells whoever must send to it", func(t *testing.T) {
		t.Parallel()
		if address.Reveal() != secret || address.String() != "•••" || address.GoString() != "•••" {
			t.Error("the value is lost, or shown")
		}
	})
}

func tells(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{secret, secret[2:], fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(text, s) {
			t.Errorf("the address is told: %s", text)
		}
	}
}

func TestPersonID(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := customer.PersonID(rapid.Int64Range(1, 9_999_999_999).Draw(t, "id"))
		if back, err := customer.ParsePersonID(id.String()); err != nil || back != id {
			t.Fatalf("%d is %q is %d: %v", id, id, back, err)
		}
	})
	for _, text := range []string{"", "0000000000", "-000000001", "+000000001", "123456789"} {
		if _, err := customer.ParsePersonID(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("takes %q", text)
		}
	}
	if customer.PersonID(0).String() != "" {
		t.Error("zero has digits")
	}
}

func TestPostal(t *testing.T) {
	t.Parallel()
	t.Run("reads back what it writes", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.String()
			p := customer.Postal{
				Line1: text.Draw(t, "1"), Line2: text.Draw(t, "2"), Line3: text.Draw(t, "3"), Line4: text.Draw(t, "4"),
				City: text.Draw(t, "city"), State: text.Draw(t, "state"), Postal: text.Draw(t, "code"), Country: text.Draw(t, "country"),
			}
			back, err := customer.ParsePostal(p.Address())
			if err != nil || back != p || back.Address() != p.Address() {
				t.Fatalf("%+v is %+v: %v", p, back, err)
			}
		})
	})
	t.Run("is refused without repeating it when it is no block", func(t *testing.T) {
		t.Parallel()
		if _, err := customer.ParsePostal(secret); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v", err)
		}
	})
	t.Run("names every wrong field at once, counting characters and not bytes", func(t *testing.T) {
		t.Parallel()
		ok := customer.Postal{Line1: strings.Repeat("é", 64), City: strings.Repeat("ü", 30), Country: "IRL"}
		if wrong := ok.Violations("/p"); len(wrong) != 0 {
			t.Errorf("%v", wrong)
		}
		long := strings.Repeat("x", 65)
		bad := customer.Postal{Line1: " ", Line2: long, Line3: long, Line4: long, City: "", State: long, Postal: long, Country: long}
		var got []string
		for _, v := range bad.Violations("/p") {
			got = append(got, v.Field)
		}
		want := []string{"/p/line1", "/p/line2", "/p/line3", "/p/line4", "/p/city", "/p/state", "/p/postal", "/p/country"}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestPerson(t *testing.T) {
	t.Parallel()
	p := customer.Person{
		Names: []customer.Name{{Type: customer.Alias, Text: "Bob"}, {Type: customer.Primary, Text: "Robert"}},
		Points: []customer.Point{
			{ID: 1, Capabilities: []customer.Capability{customer.CanSMS}},
			{ID: 2, Capabilities: []customer.Capability{customer.CanSMS, customer.CanVoice}, Preferred: true},
			{ID: 3, Capabilities: []customer.Capability{customer.CanSMS}, Preferred: true, UndeliverableSince: time.Unix(1, 0)},
			{ID: 4, Capabilities: []customer.Capability{customer.CanEmail}},
		},
	}
	if p.PrimaryName() != "Robert" || (customer.Person{}).PrimaryName() != "" {
		t.Error("another name")
	}
	for c, want := range map[customer.Capability][]customer.PointID{
		customer.CanSMS: {2, 1}, customer.CanVoice: {2}, customer.CanEmail: {4}, customer.CanPost: nil,
	} {
		var got []customer.PointID
		for _, pt := range p.Usable(c) {
			got = append(got, pt.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: points %v, want %v: preferred first, undeliverable never", c, got, want)
		}
	}
}

// TestParseNumberAsWritten: a number means the same with and without spaces, which only the library can read.
func TestParseNumberAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{3}[0-9]{7}`).Draw(r, "digits")
		country := rapid.SampledFrom([]string{"US", "CA", "GB", ""}).Draw(r, "country")
		plain, err := customer.ParseNumber("+1"+digits, country)
		spaced, err2 := customer.ParseNumber("+1 "+digits[:3]+" "+digits[3:], country)
		if (err == nil) != (err2 == nil) || plain.E164 != spaced.E164 || plain.Landline != spaced.Landline || !slices.Equal(plain.Zones, spaced.Zones) {
			r.Fatalf("%s: %+v, %v; with spaces %+v, %v", digits, plain, err, spaced, err2)
		}
	})
}
