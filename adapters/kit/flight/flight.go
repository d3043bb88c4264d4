// Package flight tells of an HTTP request that failed whether the other side may have it: the line between what was not
// made, which may be repeated, and what is in doubt.
package flight

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// Flight tells whether a request was handed to a connection. Once it was, only a failure to write it says that the
// other side does not have all of it; that the context ended meanwhile does not, because the writing goes on beside.
type Flight struct{ out atomic.Bool }

// Watch returns ctx with f following the one request made under it.
func (f *Flight) Watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { f.out.Store(false) }, // also when net/http starts over what was not written
		GotConn: func(httptrace.GotConnInfo) { f.out.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err != nil {
				f.out.Store(false)
			}
		},
	})
}

// Handed reports whether the other side may have the request.
func (f *Flight) Handed() bool { return f.out.Load() }
