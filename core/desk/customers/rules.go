package customers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
)

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

const (
	longestCode = 40
	mostCopies  = 99
)

// wrongAccount is everything that is wrong with an account but for who is on it by name (process 3.4.1.1, step 1.3).
func (s *Service) wrongAccount(a customer.Account) []fault.Violation {
	cfg := s.Configs.Current()
	var w wrongs
	_, known := cfg.Division(a.Division)
	w.when(!known, "/division", "is not configured")
	w.when(a.Class != "" && !hasCode(cfg.Document().CustomerClasses, a.Class), "/class", "is no Customer Class")
	w.when(a.Currency != "" && !isCurrency(a.Currency), "/currency", "is a currency of three letters, as USD")
	for field, value := range map[string]string{
		"/collectionClass": a.CollectionClass, "/managementGroup": a.ManagementGroup, "/billCycle": a.BillCycle, "/premise": a.Premise,
	} {
		most := longestCode
		if field == "/premise" {
			most = 100
		}
		w.when(len(value) > most, field, "has at most "+strconv.Itoa(most)+" characters")
	}
	w.when(len([]rune(a.Comments)) > longestComments, "/comments", "has at most 2000 characters")
	w.onAccount(a.Persons)
	for i, alert := range a.Alerts {
		at := "/alerts/" + strconv.Itoa(i)
		w.when(!hasCode(cfg.Document().AlertTypes, alert.Type), at+"/type", "is no alert type")
		w.when(!isDay(alert.From), at+"/from", "is a date, as 2026-03-31")
		w.when(alert.Until != "" && !isDay(alert.Until), at+"/until", "is a date, as 2026-03-31")
		w.when(isDay(alert.From) && isDay(alert.Until) && alert.Until < alert.From, at+"/until", "is not before it begins")
	}
	w.characteristics(a.Characteristics, "account", cfg)
	slices.SortStableFunc(w, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return w
}

// onAccount: exactly one main customer; who else gets anything by post says where to.
func (w *wrongs) onAccount(persons []customer.AccountPerson) {
	mains := 0
	for i, on := range persons {
		at := "/persons/" + strconv.Itoa(i)
		if on.Main {
			mains++
		}
		sources := []customer.AddressSource{customer.FromPremise, customer.FromPerson, customer.FromOverride}
		w.when(!slices.Contains(sources, on.AddressSource), at+"/addressSource", "is premise, person or override, and only the main customer has a default")
		w.when(on.AddressSource == customer.FromOverride && on.Override == nil, at+"/override", "is required: the address source is override")
		w.when(on.AddressSource != customer.FromOverride && on.Override != nil, at+"/override", "is for the address source override only")
		if on.Override != nil {
			*w = append(*w, on.Override.Violations(at+"/override")...)
		}
		w.when(on.BillFormat != "" && on.BillFormat != "detailed" && on.BillFormat != "summary", at+"/billFormat", "is detailed or summary")
		w.when(on.Copies < 0 || on.Copies > mostCopies, at+"/copies", "is 0 to 99")
		w.when(len(on.Relationship) > longestCode, at+"/relationship", "has at most 40 characters")
		w.when(len(on.BillRoute) > longestCode, at+"/billRoute", "has at most 40 characters")
		twice := on.Person != 0 && slices.ContainsFunc(persons[:i], func(o customer.AccountPerson) bool { return o.Person == on.Person })
		w.when(twice, at+"/person", "is there twice")
	}
	w.when(mains != 1, "/persons", "has exactly one main customer")
}

// withDefaults gives the main customer the mailing premise as address source and a copy of the bill, where nothing is
// said (process 3.4.1.1, step 1.3).
func withDefaults(persons []customer.AccountPerson) []customer.AccountPerson {
	persons = slices.Clone(persons)
	for i := range persons {
		if persons[i].Main && persons[i].AddressSource == "" {
			persons[i].AddressSource = customer.FromPremise
		}
	}
	return persons
}

// wrongPremise is everything that is wrong with a premise (process 3.4.1.1, step 1.5).
func (s *Service) wrongPremise(p customer.Premise) []fault.Violation {
	cfg := s.Configs.Current()
	var w wrongs
	_, known := cfg.Division(p.Division)
	w.when(!known, "/division", "is not configured")
	w.when(len(p.Type) > longestCode, "/type", "has at most 40 characters")
	w = append(w, p.Address.Violations("/address")...)
	if p.Zone != "" {
		_, err := time.LoadLocation(p.Zone)
		w.when(err != nil || p.Zone == "Local", "/zone", "is no IANA time zone")
	}
	w.when(len(p.PostalArea) > longestCode, "/postalArea", "has at most 40 characters")
	for i, g := range p.Geography {
		at := "/geography/" + strconv.Itoa(i)
		w.when(!hasCode(cfg.Document().GeographicTypes, g.Type), at+"/type", "is no Geographic Type")
		w.when(strings.TrimSpace(g.Value) == "" || len(g.Value) > 100, at+"/value", "has 1 to 100 characters")
		w.when(slices.ContainsFunc(p.Geography[:i], func(o customer.Geographic) bool { return o.Type == g.Type }), at+"/type", "is there twice")
	}
	return w
}

func isAmount(s string) bool {
	right, err := regexp.MatchString(`^-?[0-9]{1,15}(\.[0-9]{1,4})?$`, s)
	return err == nil && right
}

// wrongAgreement is everything that is wrong with a service agreement but for its account (process 3.3.2.3, step 1.3).
func (s *Service) wrongAgreement(a agreement.Agreement) []fault.Violation {
	cfg := s.Configs.Current()
	var w wrongs
	_, known := cfg.Division(a.Division)
	w.when(!known, "/division", "is not configured")
	_, known = cfg.SAType(a.Division, a.Type)
	w.when(!known, "/type", "is no SA type of the division")
	w.when(a.Status.Word() == "", "/status", "is a status of a service agreement, as 20")
	w.when(!isDay(a.Start) && (a.Start != "" || a.Status != agreement.Incomplete), "/start", "is a date, as 2026-03-31")
	w.when(a.End != "" && !isDay(a.End), "/end", "is a date, as 2026-03-31")
	w.when(isDay(a.Start) && isDay(a.End) && a.End < a.Start, "/end", "is not before the start")
	if a.DepositClass != "" {
		_, known = cfg.DepositClass(a.DepositClass)
		w.when(!known, "/depositClass", "is no deposit class")
	}
	w.when(!isAmount(a.Current), "/currentBalance", "is an amount, as 12.50")
	w.when(!isAmount(a.Payoff), "/payoffBalance", "is an amount, as 12.50")
	w.when(!isCurrency(a.Currency), "/currency", "is a currency of three letters, as USD")
	w.when(len(a.Premise) > 100, "/premise", "has at most 100 characters")
	return w
}
