package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"carillon/core/fault"
)

// CodePanic is the code of a call that panicked. Those of a call that was not made are [fault.CodeBreakerOpen],
// [fault.CodeBulkheadFull] and [fault.CodeNotBegun].
const CodePanic = "panic"

// PanicError is the cause of the fault of a call that panicked. Its text names the panic's type, not its value,
// which can hold a person's data; a runtime error of Go's own is told in full.
type PanicError struct {
	Stack []byte // where it happened; nil when the goroutine was ended by [runtime.Goexit]
	text  string
}

// Error implements error.
func (e *PanicError) Error() string { return e.text }

// caught makes the fault of a panic; call it in the deferred function that recovered p.
func caught(op string, p any) error {
	cause := &PanicError{Stack: debug.Stack(), text: fmt.Sprintf("panic of type %T", p)}
	if bug, ok := p.(runtime.Error); ok {
		cause.text = "panic: " + bug.Error()
	}
	return fault.Provider(fault.Unknown, CodePanic, op+" panicked", cause)
}

// unanswered is the fault of a call whose goroutine ended inside it.
func unanswered(op string) error {
	return fault.Provider(fault.Unknown, CodePanic, op+" ended its goroutine", &PanicError{text: "goexit"})
}

// ended is the fault of a call whose context was over before it began.
func ended(ctx context.Context, op string) error { return fault.NotBegun(ctx, op+" was not begun") }

// judge gives the error of a call that was made its kind, where the adapter gave it none. caller is the context
// of whoever asked, call the one with the guard's deadline.
func judge(caller, call context.Context, op string, err error) error {
	if err == nil || panicked(err) {
		return err
	}
	var told *fault.Error
	if errors.As(err, &told) && told.Kind != fault.Unknown {
		return err
	}
	switch {
	case errors.Is(caller.Err(), context.Canceled):
		return fault.Wrap(fault.Cancelled, op+" was given up", err)
	case call.Err() != nil:
		return fault.Wrap(fault.Ambiguous, op+" had no answer before its deadline", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Ambiguous, op+" was abandoned by the client", err)
	}
	return err
}

// verdict is what the breaker is told of a call that ended with err: a caller that gave up is not the provider's
// failure, whatever the broken call looked like.
func verdict(caller context.Context, err error) error {
	if err != nil && !panicked(err) && errors.Is(caller.Err(), context.Canceled) {
		return fault.Wrap(fault.Cancelled, "the caller gave up", err)
	}
	return err
}

func panicked(err error) bool {
	var p *PanicError
	return errors.As(err, &p)
}
