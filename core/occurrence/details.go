package occurrence

import (
	"slices"
	"strconv"
	"time"

	"carillon/core/plugin"
)

func itoa(n int) string { return strconv.Itoa(n) }

// detail is an empty detail of a kind; nil for a kind that is not known.
func detail(k Kind) Detail {
	kinds := map[Kind]func() Detail{
		KindOrder:        func() Detail { return &Order{} },
		KindLead:         func() Detail { return &Lead{} },
		KindMember:       func() Detail { return &MembershipCreation{} },
		KindMemberActive: func() Detail { return &MembershipActivation{} },
		KindBudget:       func() Detail { return &BudgetActivation{} },
		KindMeterRemark:  func() Detail { return &MeterRemark{} },
		KindFieldRemark:  func() Detail { return &FieldRemark{} },
		KindTask:         func() Detail { return &ServiceTask{} },
		KindAdjustment:   func() Detail { return &AdjustmentFreeze{} },
		KindDeposit:      func() Detail { return &DepositReview{} },
		KindCollection:   func() Detail { return &Collection{} },
		KindSeverance:    func() Detail { return &Severance{} },
		KindWriteOff:     func() Detail { return &WriteOff{} },
		KindOverdue:      func() Detail { return &Overdue{} },
		KindCut:          func() Detail { return &Cut{} },
		KindCase:         func() Detail { return &CaseStatus{} },
		KindCard:         func() Detail { return &ExpiringCard{} },
		KindWorkflow:     func() Detail { return &Workflow{} },
	}
	if empty, known := kinds[k]; known {
		return empty()
	}
	return nil
}

// at is a place on one configuration object.
func at(owner, event, code string) Site {
	return Site{Spot: plugin.Spot{Owner: owner, Event: event}, Code: code}
}

// plain is a detail about no money of which the whole needs no check.
type plain struct{}

// Money implements Detail.
func (plain) Money() (Amount, string) { return "", "" }

func (plain) check(*Event, *violations) {}

// Order is an order that was completed (CCEE-CC, CAOC-CC). The object is the order.
type Order struct {
	plain

	CustomerClass string
	Campaign      string
	Package       string
}

func (d *Order) about(*Event) string { return d.Campaign }

func (d *Order) fields() []field {
	return []field{code("customerClass", &d.CustomerClass), code("campaign", &d.Campaign), code("package", &d.Package)}
}

// Sites implements Detail: the customer class comes before the campaign, as in the process.
func (d *Order) Sites() []Site {
	var sites []Site
	if d.CustomerClass != "" {
		sites = append(sites, at("customer_class", "order_completion", d.CustomerClass))
	}
	if d.Campaign != "" {
		sites = append(sites, at("campaign", "order_completion", d.Campaign))
	}
	return sites
}

func (d *Order) check(_ *Event, wrong *violations) {
	if d.CustomerClass == "" && d.Campaign == "" {
		wrong.add("customerClass", "is required of an order without a campaign")
	}
}

// Lead is a lead event (C1-LETCRECC). The object is the lead event; a prospect is its recipient.
type Lead struct {
	plain

	Type       string
	Lead       string
	Initiative string
	Status     string
}

func (d *Lead) about(*Event) string { return d.Initiative }

func (d *Lead) fields() []field {
	return []field{
		code("leadEventType", &d.Type).must(), named("lead", &d.Lead, longestObject),
		words("initiative", &d.Initiative), code("status", &d.Status),
	}
}

// Sites implements Detail.
func (d *Lead) Sites() []Site { return []Site{at("lead_event_type", "lead_event", d.Type)} }

// Membership is what both events of a service credit membership say. The object is the membership.
type Membership struct {
	Type     string
	Amount   Amount // its fee
	Currency string
}

func (d *Membership) about(*Event) string { return d.Type }

func (d *Membership) fields() []field {
	return append(money(&d.Amount, &d.Currency), code("membershipType", &d.Type).must())
}

// Money implements Detail.
func (d *Membership) Money() (Amount, string) { return d.Amount, d.Currency }

func (d *Membership) check(*Event, *violations) {}

// MembershipCreation is a service credit membership that was created (SCMC-CC).
type MembershipCreation struct{ Membership }

// Sites implements Detail.
func (d *MembershipCreation) Sites() []Site {
	return []Site{at("service_credit_membership_type", "creation", d.Type)}
}

// MembershipActivation is a service credit membership that was activated (SCMA-CC).
type MembershipActivation struct{ Membership }

// Sites implements Detail.
func (d *MembershipActivation) Sites() []Site {
	return []Site{at("service_credit_membership_type", "activation", d.Type)}
}

// BudgetActivation is a non-billed budget SA that was activated (SAAT-CC). The object is the SA.
type BudgetActivation struct {
	Type     string
	Amount   Amount // of an instalment
	Currency string
	Start    Date
}

func (d *BudgetActivation) about(*Event) string { return d.Type }

func (d *BudgetActivation) fields() []field {
	return append(money(&d.Amount, &d.Currency), code("saType", &d.Type).must(), date("startDate", &d.Start))
}

// Sites implements Detail.
func (d *BudgetActivation) Sites() []Site { return []Site{at("sa_type", "activation", d.Type)} }

// Money implements Detail.
func (d *BudgetActivation) Money() (Amount, string) { return d.Amount, d.Currency }

func (d *BudgetActivation) check(*Event, *violations) {}

// MeterRemark is a remark of a meter reader (MRRCRECC, batch MRRA). The object is the meter read; the SA is that of its
// service point.
type MeterRemark struct {
	plain

	Remark       string
	ServicePoint string
	Read         Date
}

func (d *MeterRemark) about(*Event) string { return d.Remark }

func (d *MeterRemark) fields() []field {
	return []field{code("remark", &d.Remark).must(), code("servicePoint", &d.ServicePoint), date("readDate", &d.Read)}
}

// Sites implements Detail.
func (d *MeterRemark) Sites() []Site {
	return []Site{at("meter_reader_remark", "remark_action", d.Remark)}
}

// FieldRemark is a remark of a field activity (FACT-CCC). The object is the field activity.
type FieldRemark struct {
	plain

	Remark       string
	ActivityType string
	ServicePoint string
}

func (d *FieldRemark) about(*Event) string { return d.Remark }

func (d *FieldRemark) fields() []field {
	return []field{
		code("remark", &d.Remark).must(), code("fieldActivityType", &d.ActivityType), code("servicePoint", &d.ServicePoint),
	}
}

// Sites implements Detail.
func (d *FieldRemark) Sites() []Site {
	return []Site{at("field_activity_remark", "activation", d.Remark)}
}

// ServiceTask is an activity of service order management that wants a contact (C1-CREATECC). The object is the activity.
type ServiceTask struct {
	plain

	Type            string
	ServicePoint    string
	Characteristics []plugin.Characteristic
}

func (d *ServiceTask) about(*Event) string { return d.Type }

func (d *ServiceTask) fields() []field {
	return []field{
		code("serviceTaskType", &d.Type).must(), code("servicePoint", &d.ServicePoint),
		characteristics("characteristics", &d.Characteristics),
	}
}

// Sites implements Detail.
func (d *ServiceTask) Sites() []Site { return []Site{at("service_task_type", "processing", d.Type)} }

// AdjustmentFreeze is an adjustment that is frozen, as one for a returned payment (C2M-ADJFRCC). The object is the
// adjustment.
type AdjustmentFreeze struct {
	Type     string
	Amount   Amount
	Currency string
	Reason   string
}

func (d *AdjustmentFreeze) about(*Event) string { return d.Type }

func (d *AdjustmentFreeze) fields() []field {
	m := money(&d.Amount, &d.Currency)
	return []field{m[0].must(), m[1].must(), code("adjustmentType", &d.Type).must(), words("reason", &d.Reason)}
}

// Sites implements Detail.
func (d *AdjustmentFreeze) Sites() []Site { return []Site{at("adjustment_type", "freeze", d.Type)} }

// Money implements Detail.
func (d *AdjustmentFreeze) Money() (Amount, string) { return d.Amount, d.Currency }

func (d *AdjustmentFreeze) check(*Event, *violations) {}

// DepositReview is a deposit that was reviewed and found too low (DEPRVW). The object is the account.
type DepositReview struct {
	Class       string
	Recommended Amount
	Held        Amount
	Currency    string
}

func (d *DepositReview) about(*Event) string { return d.Class }

func (d *DepositReview) fields() []field {
	return []field{
		code("depositClass", &d.Class).must(), amount("recommended", &d.Recommended).must(),
		amount("held", &d.Held).must(), currencyOf(&d.Currency).must(),
	}
}

// Sites implements Detail.
func (d *DepositReview) Sites() []Site {
	return []Site{at("deposit_class", "review_method", d.Class)}
}

// Money implements Detail: what is recommended.
func (d *DepositReview) Money() (Amount, string) { return d.Recommended, d.Currency }

func (d *DepositReview) check(*Event, *violations) {}

// CaseStatus is a case that enters a status (CSEN-CC). The object is the case, the sequence which of its entries it is.
type CaseStatus struct {
	plain

	Type   string
	Status string
}

func (d *CaseStatus) about(*Event) string { return d.Status }

func (d *CaseStatus) fields() []field {
	return []field{code("caseType", &d.Type).must(), code("status", &d.Status).must()}
}

// Sites implements Detail.
func (d *CaseStatus) Sites() []Site {
	p := at("case_type", "enter_status", d.Type)
	p.Status = d.Status
	return []Site{p}
}

// ExpiringCard is the credit card of automatic payments that is about to expire (C1-ExpCardLe). The object is the automatic
// payment; one notice is made per card and expiry, so that the month of the expiry is the sequence.
type ExpiringCard struct {
	plain

	Type    string // activity request type
	Expires Month
	Ending  string // last four digits
}

func (d *ExpiringCard) about(*Event) string { return string(d.Expires) }

func (d *ExpiringCard) fields() []field {
	return []field{
		code("activityRequestType", &d.Type).must(), month("expires", &d.Expires).must(), digits("cardEnding", &d.Ending, 4),
	}
}

// Sites implements Detail.
func (d *ExpiringCard) Sites() []Site {
	return []Site{at("activity_request_type", "processing", d.Type)}
}

func (d *ExpiringCard) check(e *Event, wrong *violations) {
	month, err := time.Parse("2006-01", string(d.Expires))
	if err != nil {
		return
	}
	sequence := month.Year()*100 + int(month.Month())
	if e.Sequence != 0 && e.Sequence != sequence {
		wrong.add("sequence", "is the month of the expiry, or left out")
	}
	e.Sequence = sequence
}

// Fields are the names of everything an event of a kind may say, in order; none for a kind that is not known.
func Fields(k Kind) []string {
	e := Event{Kind: k, Detail: detail(k)}
	if e.Detail == nil {
		return nil
	}
	names := []string{"event"}
	for _, f := range slices.Concat(e.common(), e.Detail.fields()) {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}
