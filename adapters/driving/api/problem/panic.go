package problem

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// panicError is a panic as an error of kind Unknown. Its text says what the runtime says, and nothing of any other
// value: that may be anything.
type panicError struct {
	text  string
	stack []byte
}

// Error implements error.
func (e *panicError) Error() string { return "panic: " + e.text }

// Panicked is the error of a panic, by the value that was recovered; it knows where it happened.
func Panicked(value any) error {
	text := fmt.Sprintf("a value of type %T", value)
	var rt runtime.Error
	if err, ok := value.(error); ok && errors.As(err, &rt) {
		text = rt.Error()
	}
	return &panicError{text: text, stack: debug.Stack()}
}

// Attributes are what a log says of a mistake of ours: its text, and of a panic where it happened.
func Attributes(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("error", err.Error())}
	if panicked, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	return attrs
}
