package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"carillon/core/message"
)

// Dispositions are the normalised words of a dialer's results, and what each says of a call. A person or a machine
// that took the message delivers it; a call nobody took fails; a call that was not dialled goes back.
func Dispositions() map[string]message.Report {
	delivered := func(reason string) message.Report { return message.Report{Says: message.SaysDelivered, Reason: reason} }
	failed := func(reason string) message.Report { return message.Report{Says: message.SaysFailed, Reason: reason} }
	gone := func(reason string) message.Report {
		return message.Report{Says: message.SaysFailed, Reason: reason, Undeliverable: true}
	}
	return map[string]message.Report{
		"LIVE_RIGHT_PARTY":     delivered("live_right_party"),
		"LIVE_OTHER_ADULT":     delivered("live_other_adult"),
		"MACHINE_MESSAGE_LEFT": delivered("machine_message_left"),
		"LIVE_WRONG_PARTY":     gone("wrong_party"),
		"MACHINE_NO_MESSAGE":   failed("machine_no_message"),
		"NO_ANSWER":            failed("no_answer"),
		"BUSY":                 failed("busy"),
		"FAX":                  failed("fax"),
		"INVALID":              gone("invalid_number"),
		"SIT":                  gone("invalid_number"),
		"DISCONNECTED":         gone("disconnected"),
		"DNC_REQUEST":          {Says: message.SaysFailed, Reason: "do_not_call", Suppress: "do_not_call"},
		"NOT_ATTEMPTED":        {Says: message.SaysReturned, Reason: "not_attempted"},
	}
}

// Disposition is a vendor's result as a report. A word that is not among [Dispositions] is noted and changes nothing.
func Disposition(provider string, r CallResult) message.Report {
	rep, known := Dispositions()[r.Disposition]
	if !known {
		rep = message.Report{Says: message.SaysNoted, Reason: "unknown_disposition"}
	}
	rep.Provider, rep.Message, rep.At, rep.Code, rep.Ref = provider, r.ID, r.At, r.Disposition, r.Result
	rep.Key = r.ID.String() + ":" + r.Result
	if r.Result == "" {
		sum := sha256.Sum256([]byte(r.ID.String() + "|" + r.Disposition + "|" + strconv.FormatInt(r.At.UnixMicro(), 10)))
		rep.Key = hex.EncodeToString(sum[:])
	}
	return rep
}
