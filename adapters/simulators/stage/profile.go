package stage

import "time"

// Span is a stretch of time from which a wait is drawn.
type Span struct {
	// Min is the shortest wait.
	Min time.Duration
	// Max is the longest wait.
	Max time.Duration
}

// Profile is how a provider behaves in good health. Its rates lie between 0 and 1; what the rates of one channel
// leave over succeeds.
type Profile struct {
	// Latency is how long an API call takes.
	Latency Span
	// Receipts is how long after a call its report is given, and how long a phone rings.
	Receipts Span
	// Duplicates is the rate of notifications that are delivered twice, with one MessageId.
	Duplicates float64
	// NoReceipts is the rate of messages of which nothing is ever reported.
	NoReceipts float64

	// SMSFail is the rate of texts that fail at the carrier.
	SMSFail float64

	// Bounce is the rate of addresses that bounce for good.
	Bounce float64
	// SoftBounce is the rate of emails that bounce for now.
	SoftBounce float64
	// Delay is the rate of emails of which a DeliveryDelay is told before their delivery.
	Delay float64
	// Complaint is the rate of delivered emails that are complained about.
	Complaint float64

	// NoAnswer, Busy, Machine, Other, Wrong, Trouble and DoNotCall are rates of calls: nobody answers, the line is
	// busy, a machine takes the message, another adult, the wrong party, a line that does not work (SIT, DISCONNECTED,
	// FAX, INVALID), a person who does not want to be called.
	NoAnswer, Busy, Machine, Other, Wrong, Trouble, DoNotCall float64

	// LetterReject is the rate of letters that the DMS rejects.
	LetterReject float64
	// LetterReturn is the rate of mailed letters that come back.
	LetterReturn float64
}

// Morning is a realistic morning: about 2 % bounces, 3 % failing texts, 10 % calls that nobody answers.
func Morning() Profile {
	return Profile{
		Latency:    Span{Min: 2 * time.Millisecond, Max: 15 * time.Millisecond},
		Receipts:   Span{Min: 50 * time.Millisecond, Max: 500 * time.Millisecond},
		Duplicates: 0.01, NoReceipts: 0.005,
		SMSFail: 0.03,
		Bounce:  0.02, SoftBounce: 0.005, Delay: 0.01, Complaint: 0.001,
		NoAnswer: 0.10, Busy: 0.02, Machine: 0.15, Other: 0.03, Wrong: 0.005, Trouble: 0.005, DoNotCall: 0.002,
		LetterReject: 0.002, LetterReturn: 0.01,
	}
}

// Calm is for tests: everything succeeds, and fast.
func Calm() Profile {
	return Profile{Receipts: Span{Max: 2 * time.Millisecond}}
}
