// Package pace keeps what a fleet of gateways asks of a provider within what the provider allows.
//
// A [Fleet] says how many gateways divide a limit. All time is passed in.
package pace
