package postgres

// What the tests of plans and of the border look at.
const (
	ByIndex        = byIndex
	Claim          = claim
	Settle         = settle
	Requeue        = requeue
	Recounting     = recount
	SelectLeaves   = selectLeaves
	SelectReports  = selectReports
	SelectMessages = selectMessages
	SelectEvidence = selectEvidence
	LastText       = lastText
)

// Classify is the border's one function.
func Classify(err error) error { return classify("testing", err) }

// OfCommit is its exception for what was sent with its commit.
func OfCommit(err error) error { return classify("testing", ofCommit("testing", err)) }
