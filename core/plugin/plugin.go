// Package plugin is what algorithms are, where they hang, and what they may ask for, by code and number: an algorithm
// decides nothing and changes nothing itself. The verb that ran it executes what it asks for through the same decisions as
// anyone else's.
package plugin

// Characteristic is a typed value that hangs on an object.
type Characteristic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// CharacteristicUse says how a kind of object carries a characteristic.
type CharacteristicUse struct {
	Sequence int    `json:"sequence,omitempty"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
	Default  string `json:"default,omitempty"` // the value of those who give none
}

// AddContact asks for a customer contact (process 3.4.1.1, step 2.2).
type AddContact struct {
	Class           string
	Type            string
	Person          int64  // a person's number; 0: none
	Account         string // as its source names it
	Premise         string // as its source names it
	Comments        string
	Characteristics []Characteristic
	Data            map[string]any // what the templates may use
}

// Text names a message of the message categories with the values of its places (%1, %2 …).
type Text struct {
	Category   string   `json:"category"`
	Number     int      `json:"number"`
	Parameters []string `json:"parameters,omitempty"`
}

// OpenToDo asks for a To Do entry (process 3.4.1.1, step 2.0).
type OpenToDo struct {
	Type            string
	Role            string // empty: chosen by the rules of the type
	User            string // assigned at once; empty: open to the role
	Priority        int    // 0: the type's
	Text            Text   // zero: the type's
	Drill           []string
	Sort            []string
	Characteristics []Characteristic
}

// SendEmail asks for an email to a user of the desk.
type SendEmail struct {
	User     string // whose address it goes to
	Template string
	Data     map[string]any
}

// Alert is a line of the Control Central alerts (process 3.3.2.3, step 1.0).
type Alert struct {
	Code string `json:"code"` // of the algorithm, or of the alert type
	Text string `json:"text"`
	Link string `json:"link,omitempty"` // a path of the API
}

// Parameters are an algorithm's, by name, as its plug gives them.
type Parameters map[string]string
