package dialer

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// flight tells whether a request was handed to a connection. Once it was, only a failure to write it says that the
// other side does not have all of it; that the context ended meanwhile does not, because the writing goes on beside.
type flight struct{ out atomic.Bool }

// watch returns ctx with f following the one request made under it.
func (f *flight) watch(ctx context.Context) context.Context {
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

// handed reports whether the other side may have the request.
func (f *flight) handed() bool { return f.out.Load() }
