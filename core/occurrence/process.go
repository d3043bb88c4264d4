package occurrence

import "time"

// Process is what the events of processes say. The object is the process, the sequence that of the event in it.
type Process struct {
	EventType           string
	Template            string
	TemplateDescription string
	Created             time.Time // of the process
	Amount              Amount    // still owed
	Currency            string
}

func (d *Process) about(e *Event) string { return itoa(e.Sequence) }

func (d *Process) fields() []field {
	return append(money(&d.Amount, &d.Currency),
		code("eventType", &d.EventType).must(), code("template", &d.Template),
		words("templateDescription", &d.TemplateDescription), moment("createdAt", &d.Created))
}

// Money implements Detail.
func (d *Process) Money() (Amount, string) { return d.Amount, d.Currency }

// check: an event of a process has its place in it.
func (d *Process) check(e *Event, wrong *violations) {
	if e.Sequence == 0 {
		wrong.add("sequence", "is required: the event's number in its process, from 1")
	}
}

// ruled is the place of an event type that names its contact itself.
func ruled(owner, code string) []Site {
	p := at(owner, "activation", code)
	p.Rule = true
	return []Site{p}
}

// Collection is an event of a collection process (letter record 1200).
type Collection struct {
	Process

	DebtClass            string
	DebtClassDescription string
}

func (d *Collection) fields() []field {
	return append(d.Process.fields(), code("debtClass", &d.DebtClass), words("debtClassDescription", &d.DebtClassDescription))
}

// Sites implements Detail.
func (d *Collection) Sites() []Site { return ruled("collection_event_type", d.EventType) }

// Severance is an event of a severance process (letter record 1300).
type Severance struct {
	Process

	SAType            string
	SATypeDescription string
	PremiseAddress    string
	CutOff            Date
}

func (d *Severance) fields() []field {
	return append(d.Process.fields(), code("saType", &d.SAType), words("saTypeDescription", &d.SATypeDescription),
		words("premiseAddress", &d.PremiseAddress), date("cutOffDate", &d.CutOff))
}

// Sites implements Detail.
func (d *Severance) Sites() []Site { return ruled("severance_event_type", d.EventType) }

// WriteOff is an event of a write-off process (letter record 1400).
type WriteOff struct {
	Process

	Control              string
	DebtClass            string
	DebtClassDescription string
}

func (d *WriteOff) fields() []field {
	return append(d.Process.fields(), code("control", &d.Control), code("debtClass", &d.DebtClass),
		words("debtClassDescription", &d.DebtClassDescription))
}

// Sites implements Detail.
func (d *WriteOff) Sites() []Site { return ruled("write_off_event_type", d.EventType) }

// Overdue is an event of an overdue process (C1-OE-CC; letter record 1600).
type Overdue struct {
	Process

	Original Amount // unpaid at first
}

func (d *Overdue) fields() []field {
	return append(d.Process.fields(), amount("originalAmount", &d.Original))
}

// Sites implements Detail.
func (d *Overdue) Sites() []Site {
	return []Site{at("overdue_event_type", "activation", d.EventType)}
}

func (d *Overdue) check(e *Event, wrong *violations) {
	d.Process.check(e, wrong)
	if d.Original != "" && d.Currency == "" {
		wrong.add("currency", "is required with an amount")
	}
}

// Cut is an event of a cut process (C1-CE-CC).
type Cut struct {
	Process

	CutOff Date
}

func (d *Cut) fields() []field {
	return append(d.Process.fields(), date("cutOffDate", &d.CutOff))
}

// Sites implements Detail.
func (d *Cut) Sites() []Site { return []Site{at("cut_event_type", "activation", d.EventType)} }

// Workflow is an event of a workflow process (letter record 1500). Its contact is named by its process template.
type Workflow struct {
	Template                   string
	TemplateDescription        string
	Created                    time.Time
	Upload                     string // notification upload type
	MasterSA                   string
	ServiceProvider            string
	ServiceProviderDescription string
	ServicePoint               string
	ExternalAccount            string
}

func (d *Workflow) about(e *Event) string { return itoa(e.Sequence) }

func (d *Workflow) fields() []field {
	return []field{
		code("template", &d.Template).must(), words("templateDescription", &d.TemplateDescription), moment("createdAt", &d.Created),
		code("uploadType", &d.Upload), named("masterSA", &d.MasterSA, mostContext), named("serviceProvider", &d.ServiceProvider, mostContext),
		words("serviceProviderDescription", &d.ServiceProviderDescription), named("servicePoint", &d.ServicePoint, mostContext),
		named("externalAccount", &d.ExternalAccount, mostContext),
	}
}

// mostContext is the width of a context value of a workflow record.
const mostContext = 50

// Sites implements Detail.
func (d *Workflow) Sites() []Site { return ruled("workflow_process_template", d.Template) }

// Money implements Detail.
func (d *Workflow) Money() (Amount, string) { return "", "" }

func (d *Workflow) check(e *Event, wrong *violations) {
	if e.Sequence == 0 {
		wrong.add("sequence", "is required: the event's number in its process, from 1")
	}
}
