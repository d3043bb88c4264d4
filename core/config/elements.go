package config

import (
	"carillon/core/plugin"
)

// Elements is the part of a configuration that the two processes name beside divisions, routes, contact types and
// templates: the objects on which algorithms hang, and those that To Dos, customers and batches need.
type Elements struct {
	Installation        Installation         `json:"installation,omitzero"`
	Features            []Feature            `json:"features,omitempty"`
	CharacteristicTypes []CharacteristicType `json:"characteristicTypes,omitempty"`
	IdentifierTypes     []IdentifierType     `json:"identifierTypes,omitempty"`
	PhoneTypes          []Named              `json:"phoneTypes,omitempty"`
	GeographicTypes     []Named              `json:"geographicTypes,omitempty"`
	AlertTypes          []Named              `json:"alertTypes,omitempty"`
	SkillTypes          []Named              `json:"skillTypes,omitempty"`
	CustomerClasses     []Named              `json:"customerClasses,omitempty"`
	UIZones             []Named              `json:"zones,omitempty"` // Zone: an area of the console, as the timeline
	DepositClasses      []DepositClass       `json:"depositClasses,omitempty"`
	SATypes             []SAType             `json:"saTypes,omitempty"`
	ToDoTypes           []ToDoType           `json:"todoTypes,omitempty"`
	ToDoRoles           []ToDoRole           `json:"todoRoles,omitempty"`
	Users               []User               `json:"users,omitempty"`
	MessageCategories   []MessageCategory    `json:"messageCategories,omitempty"`
	NavigationOptions   []NavigationOption   `json:"navigationOptions,omitempty"`
	BatchControls       []BatchControl       `json:"batchControls,omitempty"`
	Owners              []Owner              `json:"owners,omitempty"`
	Plugs               []Plug               `json:"plugs,omitempty"`
}

// Named is an object that is nothing but a code with what it means.
type Named struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
}

// Installation holds the Installation Options and their Framework: what goes for the whole installation. Its algorithms
// hang on the owner kind "installation" with an empty owner code.
type Installation struct {
	// PersonID says whether a person needs an identifier: required, optional or not_used.
	PersonID      string `json:"personId,omitempty"`
	AlternateName bool   `json:"alternateName,omitempty"` // alternate names are kept
	Language      string `json:"language,omitempty"`      // of persons who have none; empty: the division's
	// PreventTypeChange forbids changing the type of a contact (feature option Prevent Customer Contact Type Change).
	PreventTypeChange bool `json:"preventContactTypeChange,omitempty"`
	// ReminderType is the To Do Type of contact reminders (batch control TD-CCCB).
	ReminderType string `json:"reminderTodoType,omitempty"`
	// BatchErrorType is the To Do Type of failed batches (TD-BTERR).
	BatchErrorType string `json:"batchErrorTodoType,omitempty"`
}

// Feature is a Feature Configuration: a named set of options, as the Batch Scheduler's.
type Feature struct {
	Code        string            `json:"code"`
	Description string            `json:"description,omitempty"`
	Type        string            `json:"type"` // batch_scheduler, sms_send, external_messages
	Options     map[string]string `json:"options,omitempty"`
}

// CharacteristicType is a typed attribute that objects may carry.
type CharacteristicType struct {
	Code        string   `json:"code"`
	Description string   `json:"description,omitempty"`
	Entities    []string `json:"entities"`         // who may carry it: contact, todo, person, account, premise, sa, case, field_activity, field_activity_remark, service_task
	Values      []string `json:"values,omitempty"` // the lawful ones; none: any text
	Pattern     string   `json:"pattern,omitempty"`
	Tag         bool     `json:"tag,omitempty"`   // it may be used as a tag of contacts
	Names       string   `json:"names,omitempty"` // what kind of object its value is the id of, when it is one: person, account, premise, sa, case, field_activity, service_task, todo
}

// IdentifierType is a kind of identifier of a person, as a tax number.
type IdentifierType struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
	Unique      bool   `json:"unique,omitempty"`
	Pattern     string `json:"pattern,omitempty"` // regular expression (RE2) of the whole value
	// Shown is how many of the last characters are shown; the others are masked. 0: none is masked.
	Shown int `json:"shown,omitempty"`
}

// DepositClass says how much deposit an account should have. Its algorithms are those of deposit review.
type DepositClass struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
	Tolerance   int    `json:"tolerance,omitempty"` // percent of the recommended amount that may be missing
	Recommended string `json:"recommended"`         // amount, as 150.00
}

// SAType is a type of service agreement, as far as contacts need it; the stop process widens it.
type SAType struct {
	Division     string `json:"division,omitempty"` // empty: of every division
	Code         string `json:"code"`
	Description  string `json:"description,omitempty"`
	SpecialRole  string `json:"specialRole,omitempty"` // cash_deposit, loan, non_billed_budget, payment_arrangement, write_off, billable_charge
	DepositClass string `json:"depositClass,omitempty"`
}

// ToDoType says what work is, who may do it and what is shown of it.
type ToDoType struct {
	Code            string                     `json:"code"`
	Description     string                     `json:"description,omitempty"`
	Priority        int                        `json:"priority,omitempty"` // of its entries, 1 (first) … 9; 0: 5
	Manual          bool                       `json:"manual,omitempty"`   // users may add entries
	Navigation      string                     `json:"navigation,omitempty"`
	Creation        string                     `json:"creation,omitempty"` // the batch control that opens and completes its entries
	Routing         string                     `json:"routing,omitempty"`  // the batch control that routes its entries out
	Category        string                     `json:"messageCategory,omitempty"`
	Number          int                        `json:"messageNumber,omitempty"`
	Roles           []string                   `json:"roles"`
	DefaultRole     string                     `json:"defaultRole"`
	SortKeys        []string                   `json:"sortKeys,omitempty"`  // their names, in order
	DrillKeys       []string                   `json:"drillKeys,omitempty"` // their names, in order
	Overrides       []MessageOverride          `json:"messageOverrides,omitempty"`
	Characteristics []plugin.CharacteristicUse `json:"characteristics,omitempty"`
	Skills          []Skill                    `json:"skills,omitempty"`   // needed to be assigned an entry
	Alert           bool                       `json:"alert,omitempty"`    // open entries raise a Control Central alert
	Keep            int                        `json:"keepDays,omitempty"` // days a complete entry is kept; 0: TD-PURGE's
}

// MessageOverride says what a To Do Type does with one message.
type MessageOverride struct {
	Category string `json:"category"`
	Number   int    `json:"number"`
	Suppress bool   `json:"suppress,omitempty"` // open no entry
	Role     string `json:"role,omitempty"`     // open it here
}

// Skill is what a user can, or an entry needs: at least this level.
type Skill struct {
	Type  string `json:"type"`
	Level int    `json:"level"` // 1 … 9
}

// ToDoRole is a group of users who do the same work.
type ToDoRole struct {
	Code        string   `json:"code"`
	Description string   `json:"description,omitempty"`
	Users       []string `json:"users,omitempty"`
	// Groups are the account management groups whose accounts' work comes here, each as GROUP or DIVISION/GROUP
	// (C1-TDCR-DFRL).
	Groups []string `json:"groups,omitempty"`
}

// User is a person of the utility: the name is that of the principal whose key they use.
type User struct {
	Name     string  `json:"name"`
	Inactive bool    `json:"inactive,omitempty"`
	Email    string  `json:"email,omitempty"`
	Skills   []Skill `json:"skills,omitempty"`
}

// MessageCategory groups messages.
type MessageCategory struct {
	Code        string    `json:"code"`
	Description string    `json:"description,omitempty"`
	Messages    []Message `json:"messages"`
}

// Message is a text by its number, in languages; %1 … %9 are its places.
type Message struct {
	Number int               `json:"number"`
	Text   map[string]string `json:"text"` // by language (BCP 47); the installation's is the fallback
}

// NavigationOption is a page that something opens.
type NavigationOption struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
	Target      string `json:"target"` // a path with {1}, {2} … for drill keys, or an https address
}

// BatchControl says how a batch runs. What it does stands in the program, by its code.
type BatchControl struct {
	Code        string            `json:"code"`
	Description string            `json:"description,omitempty"`
	Parameters  map[string]string `json:"parameters,omitempty"` // its defaults, by name
	Threads     int               `json:"threads,omitempty"`    // 1 … 64; 0: 1
	Commit      int               `json:"commit,omitempty"`     // records between commits; 0: 200
	MaxErrors   int               `json:"maxErrors,omitempty"`  // row errors after which a thread stops; 0: no bound
	Schedule    string            `json:"schedule,omitempty"`   // cron, five fields, in the zone of Division; empty: by hand
	CatchUp     string            `json:"catchUp,omitempty"`    // after a missed time: once (default), skip
	Division    string            `json:"division,omitempty"`   // whose zone the schedule and the business date are in; empty: the first
	Paused      bool              `json:"paused,omitempty"`
}

// OwnerKind is the kind of an object on which creators of contacts hang.
type OwnerKind string

// The kinds of owner.
const (
	Campaign            OwnerKind = "campaign"
	LeadEventType       OwnerKind = "lead_event_type"
	MembershipType      OwnerKind = "service_credit_membership_type"
	MeterReaderRemark   OwnerKind = "meter_reader_remark"
	FieldActivityType   OwnerKind = "field_activity_type"
	FieldActivityRemark OwnerKind = "field_activity_remark"
	ServiceTaskType     OwnerKind = "service_task_type"
	AdjustmentType      OwnerKind = "adjustment_type"
	CollectionTemplate  OwnerKind = "collection_process_template"
	CollectionEventType OwnerKind = "collection_event_type"
	SeveranceTemplate   OwnerKind = "severance_process_template"
	SeveranceEventType  OwnerKind = "severance_event_type"
	WriteOffTemplate    OwnerKind = "write_off_process_template"
	WriteOffEventType   OwnerKind = "write_off_event_type"
	OverdueTemplate     OwnerKind = "overdue_process_template"
	OverdueEventType    OwnerKind = "overdue_event_type"
	CutTemplate         OwnerKind = "cut_process_template"
	CutEventType        OwnerKind = "cut_event_type"
	WorkflowTemplate    OwnerKind = "workflow_process_template"
	CaseType            OwnerKind = "case_type"
	ActivityRequestType OwnerKind = "activity_request_type"
)

// OwnerKinds lists them.
func OwnerKinds() []OwnerKind {
	return []OwnerKind{
		Campaign, LeadEventType, MembershipType, MeterReaderRemark, FieldActivityType, FieldActivityRemark, ServiceTaskType,
		AdjustmentType, CollectionTemplate, CollectionEventType, SeveranceTemplate, SeveranceEventType, WriteOffTemplate,
		WriteOffEventType, OverdueTemplate, OverdueEventType, CutTemplate, CutEventType, WorkflowTemplate, CaseType,
		ActivityRequestType,
	}
}

// Owner is an object of a process of the CIS that Carillon knows for what hangs on it. Which fields go with which kind,
// the lint says.
type Owner struct {
	Kind            OwnerKind                  `json:"kind"`
	Code            string                     `json:"code"`
	Description     string                     `json:"description,omitempty"`
	Characteristics []plugin.CharacteristicUse `json:"characteristics,omitempty"`
	Statuses        []string                   `json:"statuses,omitempty"` // of a case type, in order
	Events          []TemplateEvent            `json:"events,omitempty"`   // of a process template, in order
	Contact         *ContactRule               `json:"contact,omitempty"`  // of an event type that sends a letter, a lead event type, a service task type
	Message         *MessageRule               `json:"message,omitempty"`  // of a lead event type
	BusinessObject  string                     `json:"businessObject,omitempty"`
}

// TemplateEvent is one event of a process template.
type TemplateEvent struct {
	Sequence int    `json:"sequence"`
	Type     string `json:"type"` // an event type of the template's own process
	Days     int    `json:"days,omitempty"`
}

// ContactRule names the contact that is made.
type ContactRule struct {
	Class string `json:"class"`
	Type  string `json:"type"`
}

// MessageRule is the email or text of a lead event type (checked by C1-LDEVTYMVA).
type MessageRule struct {
	Channel  string `json:"channel"` // sms or email
	Category string `json:"category"`
	Number   int    `json:"number"`
	Sender   string `json:"sender,omitempty"`  // of an email
	Subject  string `json:"subject,omitempty"` // of an email
}

// Plug hangs an algorithm on a spot: on the system event of an owner.
type Plug struct {
	Owner      string            `json:"owner"`            // kind, as todo_type, or kind:code, as todo_type:TD-CCCB; installation has no code
	Event      string            `json:"event"`            // its system event; of a case type, enter_status
	Status     string            `json:"status,omitempty"` // of a case type: which status is entered
	Sequence   int               `json:"sequence"`
	Code       string            `json:"code"`
	Parameters plugin.Parameters `json:"parameters,omitempty"`
}
