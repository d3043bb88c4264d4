package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What the collector is told. The live heap of a gateway is small, ten megabytes or so, and at Go's default a fifth of
// the time goes to collecting it (bench/README.md): so it may grow fivefold, but not beyond a ceiling. The ceiling
// follows the live heap, so that a gateway that truly needs more is not kept collecting.
const (
	gcPercent   = 400
	leastMemory = 80 << 20 // bytes of Go's own memory; the program's text comes to 40 MiB more
	roomTimes   = 3        // the live heap, this many times, is the ceiling when that is more
	heapEvery   = 5 * time.Second
)

// ceiling is the soft limit of Go's memory for a live heap.
func ceiling(live uint64) int64 {
	return max(leastMemory, roomTimes*int64(live)) //nolint:gosec // a heap fits
}

// mindHeap sets the collector up and keeps its ceiling right, as long as the program runs. Whoever sets GOGC or
// GOMEMLIMIT decides himself.
func mindHeap(every <-chan time.Time) {
	debug.SetGCPercent(gcPercent)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(sample)
		if v := sample[0].Value; v.Kind() == metrics.KindUint64 {
			debug.SetMemoryLimit(ceiling(v.Uint64()))
		}
		if _, more := <-every; !more {
			return
		}
	}
}
