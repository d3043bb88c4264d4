// Package pace keeps what a fleet of gateways asks of a provider within what the provider allows.
//
// A [Pacer] is one limit, in the provider's own unit: SMS parts, recipients. Its lanes share it by urgency: the first
// strictly before the others, which have guaranteed shares and lend what they do not use. It gives grants before
// messages are claimed and is told afterwards what they cost, so that debts are repaid and the long-run rate is exact.
// A throttle answer halves its rate, which then comes back by and by. A [Fleet] says how many gateways divide a limit.
//
// The bucket is our own: that of golang.org/x/time/rate neither takes back what was not used nor goes into debt. All
// time is passed in.
package pace
