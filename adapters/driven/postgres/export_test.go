package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

// What the tests of plans and of the border look at.
const (
	ByIndex           = byIndex
	Claim             = claim
	Settle            = settle
	Requeue           = requeue
	Undue             = undue
	SpendDeadlines    = spendDeadlines
	DeleteDeadlines   = deleteDeadlines
	Recounting        = recount
	SelectLeaves      = selectLeaves
	SelectEntries     = selectEntries
	SelectSeals       = selectSeals
	SelectTiles       = selectTiles
	SelectUnsealed    = selectUnsealed
	SelectMarks       = selectMarks
	SelectReports     = selectReports
	SelectDeadlines   = selectDeadlines
	SelectMessages    = selectMessages
	SelectDues        = selectDues
	SelectEvidence    = selectEvidence
	SelectContact     = selectContacts
	SelectPlan        = selectPlans
	SelectSteps       = selectSteps
	ContactsMessages  = contactsMessages
	ContactsDues      = contactsDues
	ContactsEvidence  = contactsEvidence
	GateSuppressions  = gateSuppressions
	GatePoints        = gatePoints
	SelectKey         = selectKey
	HeldKeys          = heldKeys
	NextDue           = nextDue
	LaneStates        = laneStates
	LastText          = lastText
	PartitionsRunning = short

	PersonsByWord        = personsByWord
	PersonsByFew         = personsByFew
	PremisesByWord       = premisesByWord
	Rarity               = rarity
	HoldersOfKey         = holdersOf
	AccountsOfPersons    = accountsOfPersons
	AccountsAtPremise    = accountsAtPremise
	AccountsByExternal   = accountsByExternal
	AccountsAfterID      = accountsAfter
	AgreementsOfAccounts = agreementsOfAccounts
	ContactsOfPerson     = contactsOfPerson
	ContactsOfAccount    = contactsOfAccount
	ContactsOfPremise    = contactsOfPremise
	SelectTold           = selectTold
	DueReminders         = dueReminders
	ReminderQuantiles    = reminderQuantiles
	MarkReminders        = markReminders
	EndReminders         = endReminders
	PremisesByExternal   = premisesByExternal
)

// Classify is the border's one function.
func Classify(err error) error { return classify("testing", err) }

// OfCommit is its exception for what was sent with its commit.
func OfCommit(err error) error { return classify("testing", ofCommit("testing", err)) }

// MigrateTo brings the schema up to a version.
func MigrateTo(ctx context.Context, cfg Config, version int64) error {
	return migrate(cfg, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
}

// OnPool is a store on a schema as it is found, as a release before this one would be.
func OnPool(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// TroublesAfter looks for snapshots held for longer than so many seconds.
func (s *Store) TroublesAfter(ctx context.Context, seconds int64) ([]string, error) {
	return s.troubles(ctx, seconds)
}
