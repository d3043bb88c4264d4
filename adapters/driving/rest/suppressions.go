package rest

import (
	"context"
	"errors"
	"slices"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

func (s *server) suppressionOperations() []operation {
	return []operation{
		op("putSuppression", s.putSuppression),
		op("liftSuppression", s.liftSuppression),
		op("listSuppressions", s.listSuppressions),
	}
}

// Suppressions says who must not be reached. All return fault.Invalid for an address the channel does not have, and
// fault.Forbidden for a division that is not the caller's.
type Suppressions interface {
	// Suppress puts one; its Origin and Since are the use case's to fill.
	Suppress(ctx context.Context, now time.Time, p access.Principal, s consent.Suppression) error
	// Lift removes those of the channel, address and division.
	Lift(ctx context.Context, now time.Time, p access.Principal, s consent.Suppression) error
	// Suppressions lists those of an address.
	Suppressions(ctx context.Context, p access.Principal, channel message.Channel, address string) ([]consent.Suppression, error)
}

// SuppressionRequest stops reaching an address.
type SuppressionRequest struct {
	Channel  string `json:"channel"`
	Address  string `json:"address"`
	Division string `json:"division,omitzero"`
	Reason   string `json:"reason"`
}

// SuppressionList says why an address is not reached.
type SuppressionList struct {
	Suppressions []Suppression `json:"suppressions"`
}

// Suppression is why an address is not reached on a channel.
type Suppression struct {
	Channel  message.Channel `json:"channel"`
	Division string          `json:"division,omitzero"`
	Reason   string          `json:"reason"`
	Origin   string          `json:"origin"`
	Since    contract.Moment `json:"since"`
}

// putSuppression stops reaching an address.
func (s *server) putSuppression(ctx context.Context, c call[SuppressionRequest]) (answer[nothing], error) {
	err := s.Suppressions.Suppress(ctx, c.now, c.caller, consent.Suppression{
		Channel: message.Channel(c.body.Channel), Address: customer.Address(c.body.Address),
		Division: c.body.Division, Reason: c.body.Reason,
	})
	if err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

// liftSuppression reaches an address again.
func (s *server) liftSuppression(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	err := s.Suppressions.Lift(ctx, c.now, c.caller, consent.Suppression{
		Channel: message.Channel(c.Text("channel")), Address: customer.Address(c.Text("Carillon-Address")),
		Division: c.Text("division"),
	})
	if err != nil {
		return failed[nothing](asParameters(err))
	}
	return done(), nil
}

// listSuppressions says why an address is not reached.
func (s *server) listSuppressions(ctx context.Context, c call[nothing]) (answer[SuppressionList], error) {
	found, err := s.Suppressions.Suppressions(ctx, c.caller, message.Channel(c.Text("channel")), c.Text("Carillon-Address"))
	if err != nil {
		return failed[SuppressionList](asParameters(err))
	}
	out := SuppressionList{Suppressions: make([]Suppression, 0, len(found))}
	for _, f := range found {
		out.Suppressions = append(out.Suppressions, Suppression{
			Channel: f.Channel, Division: f.Division, Reason: f.Reason, Origin: f.Origin, Since: contract.Moment(f.Since),
		})
	}
	return ok(out), nil
}

// asParameters names the fields of a refusal as parameters: the core knows them as fields of a body.
func asParameters(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return err
	}
	wrong := slices.Clone(f.Violations)
	for i, v := range wrong {
		switch v.Field {
		case "/address":
			wrong[i].Field = "header/Carillon-Address"
		case "/channel", "/division":
			wrong[i].Field = "query" + v.Field
		}
	}
	return fault.Refuse(wrong...)
}
