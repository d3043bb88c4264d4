// Package batch holds the jobs that run on the clock: LTRPRT, the letter extract; the sealer of the ledger; the relay
// of sealed entries to the status topic; and the conservation check. A job is called with the time and does one
// bounded piece of work; the ticker decides when.
package batch
