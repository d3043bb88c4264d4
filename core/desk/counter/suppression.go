package counter

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// Suppress puts an address on the suppression list of a channel, for the division or, for a principal of every
// division, for all.
func (s *Service) Suppress(ctx context.Context, now time.Time, p access.Principal, in consent.Suppression) error {
	in, err := s.suppression(p, in)
	if err != nil {
		return err
	}
	in.Since, in.Origin = now, p.Name
	return desk.Apply(ctx, s.Store, store.Writes{
		Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{in}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.SuppressionPut, Source: p.Source, Division: in.Division, Channel: in.Channel, Reason: in.Reason, By: p.Name,
		}}},
	})
}

// Lift takes an address off the list, for the reason it was put there for. What the recipient's own STOP put, only the
// recipient's START lifts.
func (s *Service) Lift(ctx context.Context, now time.Time, p access.Principal, in consent.Suppression) error {
	in, err := s.suppression(p, in)
	if err != nil {
		return err
	}
	if in.Reason == consent.StopReceived {
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "only the recipient's own START lifts a STOP"})
	}
	return desk.Apply(ctx, s.Store, store.Writes{
		Consent: &store.ConsentWrites{Lifted: []consent.Suppression{in}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.SuppressionLifted, Source: p.Source, Division: in.Division, Channel: in.Channel, Reason: in.Reason, By: p.Name,
		}}},
	})
}

// Suppressions lists those of an address that the principal may see.
func (s *Service) Suppressions(ctx context.Context, p access.Principal, c message.Channel, address string) ([]consent.Suppression, error) {
	in, err := s.suppression(p, consent.Suppression{Channel: c, Address: customer.Address(address), Division: firstDivision(p)})
	if err != nil {
		return nil, err
	}
	all, err := s.Gate.Suppressions(ctx, in.Channel, in.Address)
	return slices.DeleteFunc(all, func(x consent.Suppression) bool { return x.Division != "" && !p.InDivision(x.Division) }), err
}

func firstDivision(p access.Principal) string {
	if len(p.Divisions) == 0 || p.Divisions[0] == access.AllDivisions {
		return ""
	}
	return p.Divisions[0]
}

// suppression checks who asks for what and canonicalises the address.
func (s *Service) suppression(p access.Principal, in consent.Suppression) (consent.Suppression, error) {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return in, fault.New(fault.Forbidden, "this key may not use the suppression list")
	}
	if in.Division == "" && !slices.Contains(p.Divisions, access.AllDivisions) {
		return in, fault.Refuse(fault.Violation{Field: "/division", Reason: "is required for a key of some divisions"})
	}
	if in.Division != "" && !p.InDivision(in.Division) {
		return in, fault.New(fault.Forbidden, "this key has no right in that division")
	}
	if in.Reason == "" {
		in.Reason = "listed"
	}
	if !desk.IsWord(in.Reason) {
		return in, fault.Refuse(fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	}
	ch, known := s.Channels[in.Channel]
	if !known {
		return in, fault.Refuse(fault.Violation{Field: "/channel", Reason: "is letter, sms, email or voice"})
	}
	division, _ := s.Configs.Current().Division(in.Division)
	address, _, err := ch.Address(in.Address.Reveal(), division.Country)
	if err != nil {
		return in, fault.Refuse(fault.Violation{Field: "/address", Reason: desk.ReasonOf(err)})
	}
	in.Address = address
	return in, nil
}
