// Package telemetry is how a process tells of itself: its log, what it was built from, and its background loops,
// which it keeps alive and whose liveness it measures.
package telemetry

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
)

// Format is how log lines are written. Its zero value is JSON.
type Format string

// The formats.
const (
	JSON Format = "json"
	Text Format = "text"
)

// errFormat says which formats there are.
var errFormat = errors.New(`the log format must be "json" or "text"`)

// UnmarshalText takes a format's word; it refuses any other.
func (f *Format) UnmarshalText(word []byte) error {
	switch format := Format(word); format {
	case JSON, Text:
		*f = format
		return nil
	default:
		return errFormat
	}
}

// Redacted is a value that knows how to be shown without giving a person or a secret away.
type Redacted interface {
	// Redacted is the value's safe text.
	Redacted() string
}

// NewLogger returns a logger that writes lines of level or above to w. Attributes that are [Redacted], or hold
// such values in exported fields, elements or map values, are logged by their safe text; of other structs only
// what JSON would show is logged, also in text lines.
func NewLogger(w io.Writer, level slog.Leveler, format Format) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindAny {
			a.Value = slog.AnyValue(safe(a.Value.Any()))
		}
		return a
	}}
	if format == Text {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// redactDepth is how deep into a value the logger looks; what lies deeper is not logged.
const redactDepth = 6

// safe returns what may be logged of value, also when one of its methods panics.
func safe(value any) (shown any) {
	defer func() {
		if p := recover(); p != nil {
			shown = fmt.Sprintf("panic of type %T while logging a %T", p, value)
		}
	}()
	return redact(reflect.ValueOf(value), redactDepth)
}

func marshalled(text []byte, err error) any {
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// unmarshalled returns what JSON shows, so that text lines show no more.
func unmarshalled(text []byte, err error) any {
	var shown any
	if err := errors.Join(err, json.Unmarshal(text, &shown)); err != nil {
		return err.Error()
	}
	return shown
}

// redact returns what may be logged of v.
func redact(v reflect.Value, depth int) any {
	if !v.IsValid() || !v.CanInterface() || isNil(v) {
		return nil
	}
	if safe, is := asRedacted(v); is {
		return safe.Redacted()
	}
	if depth <= 0 {
		return "…"
	}
	switch value := v.Interface().(type) {
	case slog.LogValuer:
		return redact(reflect.ValueOf(value.LogValue().Resolve().Any()), depth-1)
	case []slog.Attr:
		return redactAttrs(value, depth)
	case error:
		return value.Error()
	case encoding.TextMarshaler:
		return marshalled(value.MarshalText())
	case fmt.Stringer:
		return value.String()
	case json.Marshaler:
		return unmarshalled(value.MarshalJSON())
	}
	return redactInside(v, depth-1)
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}

// asRedacted finds the method on the value or, where it can be reached, on its address.
func asRedacted(v reflect.Value) (Redacted, bool) {
	if safe, is := reflect.TypeAssert[Redacted](v); is {
		return safe, true
	}
	if v.Kind() != reflect.Pointer && reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[Redacted]()) {
		at := reflect.New(v.Type())
		at.Elem().Set(v)
		return reflect.TypeAssert[Redacted](at)
	}
	return nil, false
}

func redactAttrs(attrs []slog.Attr, depth int) any {
	shown := make(map[string]any, len(attrs))
	for _, a := range attrs {
		shown[a.Key] = redact(reflect.ValueOf(a.Value.Resolve().Any()), depth-1)
	}
	return shown
}

// redactInside redacts what v is made of.
func redactInside(v reflect.Value, depth int) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return redact(v.Elem(), depth)
	case reflect.Slice, reflect.Array:
		return redactElements(v, depth)
	case reflect.Map:
		shown := make(map[string]any, v.Len())
		for key, value := range v.Seq2() {
			shown[fmt.Sprint(redact(key, depth))] = redact(value, depth)
		}
		return shown
	case reflect.Struct:
		return redactFields(v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return v.Type().String()
	default:
		return v.Interface()
	}
}

func redactElements(v reflect.Value, depth int) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return fmt.Sprintf("%d bytes", v.Len())
	}
	shown := make([]any, v.Len())
	for i := range shown {
		shown[i] = redact(v.Index(i), depth)
	}
	return shown
}

func redactFields(v reflect.Value, depth int) any {
	shown := make(map[string]any, v.NumField())
	for field, value := range v.Fields() {
		if field.IsExported() && field.Tag.Get("json") != "-" {
			shown[field.Name] = redact(value, depth)
		}
	}
	return shown
}
