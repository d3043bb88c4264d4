package config

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// itoa is short for what reasons say often.
func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// elements checks the rows beside divisions, routes, contact types and templates.
func (l *linter) elements() {
	l.installation()
	l.features()
	for _, v := range l.doc.CharacteristicTypes {
		l.characteristicKind(v)
	}
	for _, v := range l.doc.IdentifierTypes {
		l.identifierType(v)
	}
	for _, v := range l.doc.DepositClasses {
		l.depositClass(v)
	}
	for _, v := range l.doc.SATypes {
		l.saType(v)
	}
	for _, v := range l.doc.MessageCategories {
		l.category(v)
	}
	for _, v := range l.doc.NavigationOptions {
		l.navigation(v)
	}
	l.work()
	for _, v := range l.doc.Owners {
		l.owner(v)
	}
}

func (l *linter) oneOf(field, value string, lawful ...string) {
	if !slices.Contains(lawful, value) {
		l.add(field, "is one of "+strings.Join(lawful, ", "))
	}
}

func (l *linter) installation() {
	v := l.doc.Installation
	if v.PersonID != "" {
		l.oneOf("/installation/personId", v.PersonID, "required", "optional", "not_used")
	}
	if v.Language != "" {
		l.language("/installation/language", v.Language)
	}
	l.names("/installation/reminderTodoType", kindToDoType, v.ReminderType)
	l.names("/installation/batchErrorTodoType", kindToDoType, v.BatchErrorType)
}

func (l *linter) language(field, tag string) {
	if _, err := language.Parse(tag); err != nil {
		l.add(field, "is a language, as en-US")
	}
}

// features checks the Feature Configurations: there is one of a type.
func (l *linter) features() {
	types := make(map[string]bool)
	for _, v := range l.doc.Features {
		at := place("features", v.Code)
		l.oneOf(at+"/type", v.Type, "batch_scheduler", "sms_send", "external_messages")
		if types[v.Type] {
			l.add(at+"/type", "is that of another Feature Configuration")
		}
		types[v.Type] = true
		for name, value := range v.Options {
			l.option(at+"/options", v.Type, name, value)
		}
	}
}

// option checks what is known of the options of a type: those of the Batch Scheduler.
func (l *linter) option(at, kind, name, value string) {
	switch {
	case name == "":
		l.add(at, "an option has a name")
	case kind != "batch_scheduler":
	case name == "enabled":
		l.oneOf(at+"/enabled", value, "Y", "N")
	case name == "zone":
		if _, err := time.LoadLocation(value); err != nil || value == "" || value == "Local" {
			l.add(at+"/zone", "is not an IANA time zone")
		}
	default:
		l.add(at+"/"+name, "is no option of the Batch Scheduler: enabled, zone")
	}
}

func (l *linter) characteristicKind(v CharacteristicType) {
	at := place("characteristicTypes", v.Code)
	if len(v.Entities) == 0 {
		l.add(at+"/entities", "name at least one kind of object that carries it")
	}
	for i, e := range v.Entities {
		field := at + "/entities/" + itoa(i)
		l.oneOf(field, e, contactEntity, todoEntity, "person", "account", "premise", "sa", caseEntity, activityEntity, remarkEntity, serviceTaskEntity)
		if slices.Contains(v.Entities[:i], e) {
			l.add(field, "is there twice")
		}
	}
	if v.Names != "" {
		l.oneOf(at+"/names", v.Names, "person", "account", "premise", "sa", caseEntity, activityEntity, serviceTaskEntity, todoEntity)
	}
	if v.Tag && !slices.Contains(v.Entities, contactEntity) { // process 3.4.1.1, steps 1.1 and 1.2, tags
		l.add(at+"/tag", "is for a characteristic type of contacts")
	}
	l.values(at, v, l.pattern(at, v.Pattern))
}

// values checks the lawful values of a characteristic type, against its pattern where that compiles.
func (l *linter) values(at string, v CharacteristicType, compiles bool) {
	for i, value := range v.Values {
		field := at + "/values/" + itoa(i)
		switch {
		case slices.Contains(v.Values[:i], value):
			l.add(field, "is there twice")
		case value == "":
			l.add(field, "is not empty")
		case compiles && v.Pattern != "" && !matches(v.Pattern, value):
			l.add(field, "is not of the form of the pattern")
		}
	}
}

func (l *linter) pattern(at, pattern string) bool {
	if _, err := regexp.Compile(whole(pattern)); err != nil {
		l.add(at+"/pattern", "is no regular expression (RE2)")
		return false
	}
	return true
}

func (l *linter) identifierType(v IdentifierType) {
	at := place("identifierTypes", v.Code)
	l.pattern(at, v.Pattern)
	if v.Shown < 0 {
		l.add(at+"/shown", "is not negative")
	}
}

// isAmount is how a configured amount is written.
func isAmount(s string) bool {
	whole, part, point := strings.Cut(s, ".")
	digits := strings.Trim(whole+part, "0123456789") == ""
	return digits && whole != "" && len(whole) <= 12 && (!point || part != "" && len(part) <= 2)
}

func (l *linter) depositClass(v DepositClass) {
	at := place("depositClasses", v.Code)
	if amount, ok := new(big.Rat).SetString(v.Recommended); !isAmount(v.Recommended) || !ok || amount.Sign() <= 0 {
		l.add(at+"/recommended", "is an amount above nothing, as 150.00")
	}
	if v.Tolerance < 0 || v.Tolerance > 100 {
		l.add(at+"/tolerance", "is between 0 and 100 percent")
	}
}

// specialRoles of SA types (process 3.3.2.3, step 1.3).
func specialRoles() []string {
	return []string{"cash_deposit", "loan", "non_billed_budget", "payment_arrangement", "write_off", "billable_charge"}
}

func (l *linter) saType(v SAType) {
	at := place("saTypes", typeKey(v.Division, v.Code))
	l.names(at+"/division", KindDivision, v.Division)
	if v.SpecialRole != "" {
		l.oneOf(at+"/specialRole", v.SpecialRole, specialRoles()...)
	}
	l.names(at+"/depositClass", kindDepositClass, v.DepositClass)
	if v.SpecialRole == "cash_deposit" && v.DepositClass == "" { // what a deposit secures is its deposit class (process 3.3.2.3, its table of SA types)
		l.add(at+"/depositClass", "is required of a cash deposit")
	}
}

// maxMessage is the largest number of a message.
const maxMessage = 99999

func (l *linter) category(v MessageCategory) {
	at := place("messageCategories", v.Code)
	seen := make(map[int]bool)
	for _, m := range v.Messages {
		field := at + "/messages/" + itoa(m.Number)
		if m.Number < 1 || m.Number > maxMessage {
			l.add(field, "is a number from 1 to "+itoa(maxMessage))
		}
		if seen[m.Number] {
			l.add(field, "is there twice")
		}
		seen[m.Number] = true
		if len(m.Text) == 0 {
			l.add(field+"/text", "is in one language at least")
		}
		for tag, text := range m.Text {
			l.language(field+"/text/"+tag, tag)
			if text == "" {
				l.add(field+"/text/"+tag, "is not empty")
			}
		}
	}
}

func (l *linter) message(field, category string, number int) {
	if _, known := l.find(category, number); !known {
		l.add(field, "names no message: category and number")
	}
}

func (l *linter) find(category string, number int) (Message, bool) {
	for _, c := range l.doc.MessageCategories {
		i := slices.IndexFunc(c.Messages, func(m Message) bool { return m.Number == number })
		if c.Code == category && i >= 0 {
			return c.Messages[i], true
		}
	}
	return Message{}, false
}

func (l *linter) navigation(v NavigationOption) {
	at := place("navigationOptions", v.Code) + "/target"
	path, web := strings.HasPrefix(v.Target, "/") && !strings.HasPrefix(v.Target, "//"), strings.HasPrefix(v.Target, "https://")
	if !path && !web || strings.ContainsAny(v.Target, " \t\n\"<>") {
		l.add(at, "is a path, as /v1/contacts/{1}, or an https address")
	}
	if rest := regexp.MustCompile(`\{[1-9]\}`).ReplaceAllString(v.Target, ""); strings.ContainsAny(rest, "{}") {
		l.add(at, "its places are {1} to {9}, of the drill keys")
	}
}
