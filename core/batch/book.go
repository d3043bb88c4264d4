package batch

import (
	"carillon/core/extract"
	"carillon/core/todo"
)

// BookFacts is what all batches together read.
type BookFacts interface {
	ReminderFacts
	FailureFacts
	PurgeFacts
	DepositFacts
	RoutingFacts
	Numbers
}

// Parts are what the batches of the house need. With none of them the book still knows codes and parameters.
type Parts struct {
	Facts           BookFacts
	Configs         Configs
	Rules           func() todo.Rules // the rules of To Dos that are in force
	Letters         Engine            // of LTRPRT
	LettersSchedule string            // when LTRPRT runs, where its Batch Control says nothing; empty: by hand
	Deposits        DepositAlgorithms
	Occasions       Occasions
	Mails           Mailer
}

// NewBook is every batch of the house: a new one is an entry here.
func NewBook(p Parts) Book {
	return Book{
		{
			Code: extract.LTRPRT, Tells: "Letter extract: hands letters that wait to the document management system.",
			Engine: p.Letters, Schedule: p.LettersSchedule,
		},
		{
			Code: ReminderBatch, Tells: "Makes To Dos of the reminders of contacts whose time has come.",
			Parameters: ReminderParameters(), Job: Of(Reminders{Facts: p.Facts, Numbers: p.Facts, Rules: p.Rules}),
		},
		{
			Code: FailureBatch, Tells: "Makes a To Do of every batch that failed, while none is open.",
			Job: Of(Failures{Facts: p.Facts, Rules: p.Rules}),
		},
		{
			Code: PurgeBatch, Tells: "Takes complete To Do entries away that are kept no longer.",
			Parameters: PurgeParameters(), Job: Of(Purge{Facts: p.Facts, Configs: p.Configs}),
		},
		{
			Code: DepositBatch, Tells: "Reviews the deposits of accounts: lists what is too low, and writes to the customer.",
			Parameters: DepositParameters(),
			Job:        Of(Deposits{Facts: p.Facts, Configs: p.Configs, Occasions: p.Occasions, Algorithms: p.Deposits}),
		},
		{
			Code: RoutingBatch, Tells: "Tells users of To Dos by email, where their type wants it.",
			Job: Of(Routing{Facts: p.Facts, Rules: p.Rules, Mails: p.Mails}),
		},
	}
}
