package config

import (
	"encoding/json"
	"strconv"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/template"
)

// Row is one configuration object as stored: its kind, its code and its canonical JSON.
type Row struct {
	Kind string
	Code string
	Body string
}

// The kinds of row that others name.
const (
	KindDivision = "division"
	KindRoute    = "route"
	KindClass    = "contact_class"
	KindType     = "contact_type"
	KindTemplate = "template"
)

// The other kinds of row. Those on which algorithms hang have the names that plugs use.
const (
	kindFeature        = "feature"
	kindCharType       = "characteristic_type"
	kindIdentifierType = "identifier_type"
	kindPhoneType      = "phone_type"
	kindGeographicType = "geographic_type"
	kindAlertType      = "alert_type"
	kindSkillType      = "skill_type"
	kindCustomerClass  = "customer_class"
	kindZone           = "zone"
	kindDepositClass   = "deposit_class"
	kindSAType         = "sa_type"
	kindToDoType       = "todo_type"
	kindToDoRole       = "todo_role"
	kindUser           = "user"
	kindCategory       = "message_category"
	kindNavigation     = "navigation_option"
	kindBatch          = "batch_control"
	kindOwner          = "owner"
	kindPlug           = "plug"
	kindInstallation   = "installation"
)

// shelf is where the rows of one kind stand in a document.
type shelf struct {
	kind string
	at   string // the member of the document, as todoTypes
	word string // what one of them is called, as "To Do Type"
	put  func(d *Document, body string) error
	rows func(d *Document, add func(code string, v any) error) error
}

// list is the shelf of a list of objects.
func list[T any](kind, at, word string, of func(d *Document) *[]T, code func(T) string) shelf {
	return shelf{
		kind: kind, at: at, word: word,
		put: func(d *Document, body string) error {
			var v T
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				return err
			}
			*of(d) = append(*of(d), v)
			return nil
		},
		rows: func(d *Document, add func(code string, v any) error) error {
			for _, v := range *of(d) {
				if err := add(code(v), v); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func named(v Named) string { return v.Code }

// shelves are all of them, in the order in which rows are stored.
func shelves() []shelf {
	return []shelf{
		installation(),
		list(KindDivision, "divisions", "division", func(d *Document) *[]Division { return &d.Divisions }, func(v Division) string { return v.Code }),
		list(KindRoute, "routes", "route", func(d *Document) *[]Route { return &d.Routes }, func(v Route) string { return v.Code }),
		list(KindClass, "classes", "contact class", func(d *Document) *[]contact.Class { return &d.Classes }, func(v contact.Class) string { return v.Code }),
		list(KindType, "types", "contact type", func(d *Document) *[]ContactType { return &d.Types }, func(v ContactType) string { return typeKey(v.Class, v.Code) }),
		list(KindTemplate, "templates", "template", func(d *Document) *[]template.Template { return &d.Templates }, func(v template.Template) string { return v.Code }),
		list(kindFeature, "features", "Feature Configuration", func(d *Document) *[]Feature { return &d.Features }, func(v Feature) string { return v.Code }),
		list(kindCharType, "characteristicTypes", "characteristic type", func(d *Document) *[]CharacteristicType { return &d.CharacteristicTypes }, func(v CharacteristicType) string { return v.Code }),
		list(kindIdentifierType, "identifierTypes", "Identifier Type", func(d *Document) *[]IdentifierType { return &d.IdentifierTypes }, func(v IdentifierType) string { return v.Code }),
		list(kindPhoneType, "phoneTypes", "phone type", func(d *Document) *[]Named { return &d.PhoneTypes }, named),
		list(kindGeographicType, "geographicTypes", "Geographic Type", func(d *Document) *[]Named { return &d.GeographicTypes }, named),
		list(kindAlertType, "alertTypes", "alert type", func(d *Document) *[]Named { return &d.AlertTypes }, named),
		list(kindSkillType, "skillTypes", "skill type", func(d *Document) *[]Named { return &d.SkillTypes }, named),
		list(kindCustomerClass, "customerClasses", "Customer Class", func(d *Document) *[]Named { return &d.CustomerClasses }, named),
		list(kindZone, "zones", "Zone", func(d *Document) *[]Named { return &d.UIZones }, named),
		list(kindDepositClass, "depositClasses", "deposit class", func(d *Document) *[]DepositClass { return &d.DepositClasses }, func(v DepositClass) string { return v.Code }),
		list(kindSAType, "saTypes", "SA type", func(d *Document) *[]SAType { return &d.SATypes }, func(v SAType) string { return typeKey(v.Division, v.Code) }),
		list(kindToDoType, "todoTypes", "To Do Type", func(d *Document) *[]ToDoType { return &d.ToDoTypes }, func(v ToDoType) string { return v.Code }),
		list(kindToDoRole, "todoRoles", "To Do Role", func(d *Document) *[]ToDoRole { return &d.ToDoRoles }, func(v ToDoRole) string { return v.Code }),
		list(kindUser, "users", "user", func(d *Document) *[]User { return &d.Users }, func(v User) string { return v.Name }),
		list(kindCategory, "messageCategories", "Message Category", func(d *Document) *[]MessageCategory { return &d.MessageCategories }, func(v MessageCategory) string { return v.Code }),
		list(kindNavigation, "navigationOptions", "Navigation Option", func(d *Document) *[]NavigationOption { return &d.NavigationOptions }, func(v NavigationOption) string { return v.Code }),
		list(kindBatch, "batchControls", "Batch Control", func(d *Document) *[]BatchControl { return &d.BatchControls }, func(v BatchControl) string { return v.Code }),
		list(kindOwner, "owners", "owner", func(d *Document) *[]Owner { return &d.Owners }, func(v Owner) string { return ownerKey(v.Kind, v.Code) }),
		list(kindPlug, "plugs", "plug", func(d *Document) *[]Plug { return &d.Plugs }, Plug.key),
	}
}

// installation is the shelf of the one record.
func installation() shelf {
	return shelf{
		kind: kindInstallation, at: "installation", word: "installation",
		put: func(d *Document, body string) error { return json.Unmarshal([]byte(body), &d.Installation) },
		rows: func(d *Document, add func(code string, v any) error) error {
			if d.Installation == (Installation{}) {
				return nil
			}
			return add("", d.Installation)
		},
	}
}

// key names a plug: its place among those of its spot.
func (p Plug) key() string {
	event := p.Event
	if p.Status != "" {
		event += "(" + p.Status + ")"
	}
	return p.Owner + "/" + event + "/" + strconv.Itoa(p.Sequence)
}

// Rows takes the document apart.
func (d Document) Rows() ([]Row, error) {
	var rows []Row
	for _, s := range shelves() {
		err := s.rows(&d, func(code string, v any) error {
			b, err := json.Marshal(v)
			if err != nil {
				return fault.Wrap(fault.Invalid, "writing "+s.kind+" "+code, err)
			}
			rows = append(rows, Row{Kind: s.kind, Code: code, Body: string(b)})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// FromRows puts a document together again.
func FromRows(rows []Row) (Document, error) {
	kinds := make(map[string]shelf)
	for _, s := range shelves() {
		kinds[s.kind] = s
	}
	var d Document
	for _, r := range rows {
		s, known := kinds[r.Kind]
		if !known {
			return Document{}, fault.New(fault.Invalid, "reading "+r.Kind+" "+r.Code+": unknown kind of configuration row")
		}
		if err := s.put(&d, r.Body); err != nil {
			return Document{}, fault.Wrap(fault.Invalid, "reading "+r.Kind+" "+r.Code, err)
		}
	}
	return d, nil
}
