// Package guard is the one door through which an adapter calls the outside world: one [Guard] per adapter and
// route, one [Do] per call. It holds the deadline, the bulkhead, the breaker and the metrics. It never repeats a
// call: only dispatch does, because only it knows whether repeating is safe.
//
// What it decides, by the kinds of [carillon/core/fault]:
//
//   - A call that was not made is refused as Unavailable with the code [fault.CodeBreakerOpen] or [fault.CodeBulkheadFull],
//     or, when the caller's context had already ended, as Cancelled or Unavailable with the code [fault.CodeNotBegun].
//     Every other fault comes from a call that was begun.
//   - A call that was begun keeps the kind its adapter gave it. One the adapter could not classify is Ambiguous
//     when a deadline passed (it may have been done), Cancelled when the caller gave up, Unknown otherwise.
//   - A panic is an Unknown fault with the code [CodePanic] that holds a [PanicError]; the process lives on.
//   - The breaker counts what [fault.Trips] says; what [fault.Excluded] says neither opens nor closes it. A call
//     whose caller gave up says nothing about the provider and is not counted.
//
// The breaker is gobreaker's two-step one: it counts, trips, and lets one probe through. Its open time is
// constant, so it is set to almost nothing and the pause is kept here: [Config.Rest] after the first opening,
// twice as long after each probe that fails, up to [Config.MaxRest], back to Rest after a real call succeeds.
// A probe is finished by defer; one whose callee ignores its deadline, or that [Guard.Ready] allowed and nobody
// made, lapses after [Config.Timeout]. So half-open always ends.
//
// A callee must honour its context: one that does not keeps its slot until it returns, and its caller waiting.
package guard
