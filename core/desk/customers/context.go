package customers

import (
	"context"
	"slices"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// ContextView is who and what is looked at, completed, with what is said of each (process 3.3.2.3, step 1.0).
type ContextView struct {
	Person      *customer.Person
	Account     *customer.Account
	Premise     *customer.Premise
	PersonInfo  string
	AccountInfo string
	Alerts      []plugin.Alert
}

// mostRelated bounds the accounts that a context is completed from: of more, none is the only one.
const mostRelated = 50

// Complete completes a context by the algorithms of the installation, and gathers the information strings and alerts.
// NotFound when something that is given may not be seen.
func (s *Service) Complete(ctx context.Context, now time.Time, p access.Principal, known customer.Context) (ContextView, error) {
	if known == (customer.Context{}) {
		return ContextView{}, fault.Refuse(fault.Violation{Field: "query/person", Reason: "give a person, an account or a premise"})
	}
	if err := s.seenAll(ctx, p, known); err != nil {
		return ContextView{}, err
	}
	facts, agreements, err := s.related(ctx, p, known)
	if err != nil {
		return ContextView{}, err
	}
	for _, plug := range s.Configs.Current().PlugsOf("installation", "", "global_context") {
		if complete, there := s.Spots.GlobalContext[plug.Code]; there {
			known = complete(known, facts, plug.Parameters)
		}
	}
	return s.contextView(ctx, now, p, known, agreements)
}

// seenAll refuses what is given and may not be seen.
func (s *Service) seenAll(ctx context.Context, p access.Principal, known customer.Context) error {
	var person, account, premise error
	if known.Person != 0 {
		_, person = s.PersonByID(ctx, p, known.Person)
	}
	if known.Account != 0 {
		_, account = s.AccountByID(ctx, p, known.Account)
	}
	if known.Premise != 0 {
		_, premise = s.PremiseByID(ctx, p, known.Premise)
	}
	return firstOf(person, account, premise)
}

// related reads what a context can be completed from.
func (s *Service) related(ctx context.Context, p access.Principal, known customer.Context) (facts customer.ContextFacts, agreements []agreement.Agreement, err error) {
	switch {
	case known.Account != 0:
		facts.Accounts, err = s.Facts.Accounts(ctx, []customer.AccountID{known.Account})
	case known.Person != 0:
		facts.Accounts, err = s.Facts.AccountsWhere(ctx, store.AccountQuery{Persons: []customer.PersonID{known.Person}, Limit: mostRelated})
	default:
		var m customer.Premise
		if m, err = s.Facts.Premise(ctx, known.Premise); err == nil {
			facts.Accounts, err = s.Facts.AccountsWhere(ctx, store.AccountQuery{Source: m.Source, Premise: m.ExternalID, Limit: mostRelated})
		}
	}
	if err != nil {
		return facts, nil, err
	}
	facts.Accounts = slices.DeleteFunc(facts.Accounts, func(a customer.Account) bool { return !p.Sees(a.Source, a.Division) })
	if facts.Premises, err = s.mailedTo(ctx, facts.Accounts); err != nil {
		return facts, nil, err
	}
	ids := make([]customer.AccountID, len(facts.Accounts))
	for i, a := range facts.Accounts {
		ids[i] = a.ID
	}
	agreements, err = s.Facts.AgreementsOfAccounts(ctx, ids)
	facts.Live = map[customer.AccountID]bool{}
	for _, a := range agreements {
		facts.Live[a.Account] = facts.Live[a.Account] || a.Status.Open()
	}
	return facts, agreements, err
}

// mailedTo are the mailing premises of accounts, by source and name. One that was made at the desk is known by its number.
func (s *Service) mailedTo(ctx context.Context, accounts []customer.Account) (map[string]customer.PremiseID, error) {
	bySource := map[string][]string{}
	var numbers []customer.PremiseID
	for _, a := range accounts {
		if a.Premise == "" {
			continue
		}
		bySource[a.Source] = append(bySource[a.Source], a.Premise)
		if id, bad := customer.ParsePremiseID(a.Premise); bad == nil {
			numbers = append(numbers, id)
		}
	}
	made, err := s.Facts.Premises(ctx, numbers)
	if err != nil {
		return nil, err
	}
	found := map[string]customer.PremiseID{}
	for source, names := range bySource {
		for _, m := range made {
			if m.ExternalID == m.ID.String() && slices.Contains(names, m.ExternalID) {
				found[source+" "+m.ExternalID] = m.ID
			}
		}
		loaded, err := s.Facts.PremisesByExternal(ctx, source, names)
		if err != nil {
			return nil, err
		}
		for _, m := range loaded {
			found[source+" "+m.ExternalID] = m.ID
		}
	}
	return found, nil
}

// contextView reads what the context names; what was completed and may not be seen is left blank.
func (s *Service) contextView(ctx context.Context, now time.Time, p access.Principal, known customer.Context, agreements []agreement.Agreement) (v ContextView, err error) {
	if known.Person != 0 {
		person, err := s.PersonByID(ctx, p, known.Person)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return v, err
		}
		if err == nil {
			v.Person, v.PersonInfo = &person, s.personInfo(person)
		}
	}
	if known.Account != 0 {
		account, err := s.AccountByID(ctx, p, known.Account)
		if err != nil {
			return v, err
		}
		v.Account = &account
		if v.AccountInfo, err = s.accountInfo(ctx, p, account); err != nil {
			return v, err
		}
	}
	if known.Premise != 0 {
		premise, err := s.PremiseByID(ctx, p, known.Premise)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return v, err
		}
		if err == nil {
			v.Premise = &premise
		}
	}
	v.Alerts, err = s.alerts(ctx, now, p, v, agreements)
	return v, err
}

// personInfo is the person's information string, by the algorithms of the installation.
func (s *Service) personInfo(of customer.Person) string {
	for _, plug := range s.Configs.Current().PlugsOf("installation", "", "person_information") {
		if tell, there := s.Spots.PersonInformation[plug.Code]; there {
			return tell(of, plug.Parameters)
		}
	}
	return ""
}

// accountInfo is the account's information string. A main customer that may not be seen is not named.
func (s *Service) accountInfo(ctx context.Context, p access.Principal, of customer.Account) (string, error) {
	for _, plug := range s.Configs.Current().PlugsOf("installation", "", "account_information") {
		tell, there := s.Spots.AccountInformation[plug.Code]
		if !there {
			continue
		}
		var main customer.Person
		if on, has := of.Main(); has {
			var err error
			if main, err = s.PersonByID(ctx, p, on.Person); err != nil && !fault.Is(err, fault.NotFound) {
				return "", err
			}
		}
		return tell(of, main, plug.Parameters), nil
	}
	return "", nil
}

func divisionOf(v ContextView) string {
	switch {
	case v.Account != nil:
		return v.Account.Division
	case v.Premise != nil:
		return v.Premise.Division
	case v.Person != nil:
		return v.Person.Division
	}
	return ""
}

// ownAlerts are those that persons put on the account and that show on the day, by what their types mean.
func (s *Service) ownAlerts(a customer.Account, day string) []plugin.Alert {
	var out []plugin.Alert
	for _, alert := range a.Alerts {
		if !alert.Shows(day) {
			continue
		}
		text := alert.Type
		for _, kind := range s.Configs.Current().Document().AlertTypes {
			if kind.Code == alert.Type && kind.Description != "" {
				text = kind.Description
			}
		}
		out = append(out, plugin.Alert{Code: alert.Type, Text: text, Link: "/v1/accounts/by-id/" + a.ID.String()})
	}
	return out
}

// pendingStops is one alert while any service agreement of the account is pending stop (process 3.3.2.3, step 1.5).
func pendingStops(a customer.Account, agreements []agreement.Agreement) []plugin.Alert {
	n := 0
	for _, sa := range agreements {
		if sa.Account == a.ID && sa.Status == agreement.PendingStop {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	text := "A service agreement is pending stop"
	if n > 1 {
		text = strconv.Itoa(n) + " service agreements are pending stop"
	}
	return []plugin.Alert{{Code: alertPendingStop, Text: text, Link: "/v1/accounts/by-id/" + a.ID.String() + "/service-agreements"}}
}
