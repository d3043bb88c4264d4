package config

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// elements are the objects of a snapshot by their codes.
type elements struct {
	installation    Installation
	features        map[string]Feature
	characteristics map[string]CharacteristicType
	identifiers     map[string]IdentifierType
	deposits        map[string]DepositClass
	saTypes         map[string]SAType
	todoTypes       map[string]ToDoType
	todoRoles       map[string]ToDoRole
	users           map[string]User
	messages        map[string]Message
	navigations     map[string]NavigationOption
	batches         map[string]BatchControl
	owners          map[string]Owner
	plugs           map[string][]Plug // by owner and event, in order
}

func byCode[T any](items []T, code func(T) string) map[string]T {
	m := make(map[string]T, len(items))
	for _, it := range items {
		m[code(it)] = it
	}
	return m
}

func index(e Elements) elements {
	x := elements{
		installation:    e.Installation,
		features:        byCode(e.Features, func(v Feature) string { return v.Code }),
		characteristics: byCode(e.CharacteristicTypes, func(v CharacteristicType) string { return v.Code }),
		identifiers:     byCode(e.IdentifierTypes, func(v IdentifierType) string { return v.Code }),
		deposits:        byCode(e.DepositClasses, func(v DepositClass) string { return v.Code }),
		saTypes:         byCode(e.SATypes, func(v SAType) string { return typeKey(v.Division, v.Code) }),
		todoTypes:       byCode(e.ToDoTypes, func(v ToDoType) string { return v.Code }),
		todoRoles:       byCode(e.ToDoRoles, func(v ToDoRole) string { return v.Code }),
		users:           byCode(e.Users, func(v User) string { return v.Name }),
		navigations:     byCode(e.NavigationOptions, func(v NavigationOption) string { return v.Code }),
		batches:         byCode(e.BatchControls, func(v BatchControl) string { return v.Code }),
		owners:          byCode(e.Owners, func(v Owner) string { return ownerKey(v.Kind, v.Code) }),
		messages:        make(map[string]Message), plugs: make(map[string][]Plug),
	}
	for _, c := range e.MessageCategories {
		for _, m := range c.Messages {
			x.messages[messageKey(c.Code, m.Number)] = m
		}
	}
	for _, p := range e.Plugs {
		k := p.Owner + "/" + p.Event
		x.plugs[k] = append(x.plugs[k], p)
	}
	for _, plugs := range x.plugs {
		slices.SortStableFunc(plugs, func(a, b Plug) int { return cmp.Compare(a.Sequence, b.Sequence) })
	}
	return x
}

func ownerKey(kind OwnerKind, code string) string { return string(kind) + ":" + code }

func messageKey(category string, number int) string { return category + "/" + strconv.Itoa(number) }

// Installation is what goes for the whole installation.
func (s *Snapshot) Installation() Installation { return s.installation }

// Feature looks a Feature Configuration up.
func (s *Snapshot) Feature(code string) (Feature, bool) { v, ok := s.features[code]; return v, ok }

// CharacteristicType looks a characteristic type up.
func (s *Snapshot) CharacteristicType(code string) (CharacteristicType, bool) {
	v, ok := s.characteristics[code]
	return v, ok
}

// IdentifierType looks an Identifier Type up.
func (s *Snapshot) IdentifierType(code string) (IdentifierType, bool) {
	v, ok := s.identifiers[code]
	return v, ok
}

// DepositClass looks a deposit class up.
func (s *Snapshot) DepositClass(code string) (DepositClass, bool) {
	v, ok := s.deposits[code]
	return v, ok
}

// SAType looks an SA type up: the division's own before that of every division.
func (s *Snapshot) SAType(division, code string) (SAType, bool) {
	if v, ok := s.saTypes[typeKey(division, code)]; ok {
		return v, true
	}
	v, ok := s.saTypes[typeKey("", code)]
	return v, ok
}

// ToDoType looks a To Do Type up.
func (s *Snapshot) ToDoType(code string) (ToDoType, bool) { v, ok := s.todoTypes[code]; return v, ok }

// ToDoRole looks a To Do Role up.
func (s *Snapshot) ToDoRole(code string) (ToDoRole, bool) { v, ok := s.todoRoles[code]; return v, ok }

// RolesOf are the codes of the To Do Roles a user belongs to, in order.
func (s *Snapshot) RolesOf(user string) []string {
	var codes []string
	for _, r := range s.doc.ToDoRoles {
		if slices.Contains(r.Users, user) {
			codes = append(codes, r.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

// User looks a user up by the name of its principal.
func (s *Snapshot) User(name string) (User, bool) { v, ok := s.users[name]; return v, ok }

// NavigationOption looks a Navigation Option up.
func (s *Snapshot) NavigationOption(code string) (NavigationOption, bool) {
	v, ok := s.navigations[code]
	return v, ok
}

// BatchControl looks a Batch Control up.
func (s *Snapshot) BatchControl(code string) (BatchControl, bool) {
	v, ok := s.batches[code]
	return v, ok
}

// Owner looks an object up on which creators of contacts hang.
func (s *Snapshot) Owner(kind OwnerKind, code string) (Owner, bool) {
	v, ok := s.owners[ownerKey(kind, code)]
	return v, ok
}

// PlugsOf are the algorithms that hang on the system event of an owner, in order: those of the object itself, and
// where it has none, those of its kind. The installation has no code.
func (s *Snapshot) PlugsOf(kind, code, event string) []Plug {
	if code != "" {
		if own := s.plugs[kind+":"+code+"/"+event]; len(own) > 0 {
			return own
		}
	}
	return s.plugs[kind+"/"+event]
}

// Text is a message with its places filled, in the language, else the installation's, else any; "" for one that is not
// configured.
func (s *Snapshot) Text(category string, number int, language string, parameters ...string) string {
	m, known := s.messages[messageKey(category, number)]
	if !known {
		return ""
	}
	text, there := m.Text[language]
	if !there {
		text, there = m.Text[s.installation.Language]
	}
	if !there {
		for _, l := range slices.Sorted(maps.Keys(m.Text)) {
			text = m.Text[l]
			break
		}
	}
	return FillPlaces(text, parameters...)
}

// FillPlaces puts the parameters into the places %1 … %9 of a message; a place without a parameter becomes empty.
func FillPlaces(text string, parameters ...string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) || text[i+1] < '1' || text[i+1] > '9' {
			b.WriteByte(text[i])
			continue
		}
		i++
		if n := int(text[i] - '1'); n < len(parameters) {
			b.WriteString(parameters[n])
		}
	}
	return b.String()
}

// Led is where the option leads, with the keys in the places {1}, {2} …; a place without a key becomes empty.
func (o NavigationOption) Led(keys ...string) string {
	const places = 9
	target := o.Target
	for i := range places {
		var key string
		if i < len(keys) {
			key = url.PathEscape(keys[i])
		}
		target = strings.ReplaceAll(target, "{"+strconv.Itoa(i+1)+"}", key)
	}
	return target
}
