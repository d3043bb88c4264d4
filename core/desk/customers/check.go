package customers

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"carillon/core/config"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plugin"
)

// wrongs gathers what is wrong with an object, field by field.
type wrongs []fault.Violation

func (w *wrongs) add(field, reason string) {
	*w = append(*w, fault.Violation{Field: field, Reason: reason})
}

func (w *wrongs) when(bad bool, field, reason string) {
	if bad {
		w.add(field, reason)
	}
}

func loadWords(externalID string, version int64) []fault.Violation {
	var w wrongs
	w.when(externalID == "" || len(externalID) > 100, "/externalId", "has 1 to 100 characters")
	w.when(version < 1, "/version", "is at least 1")
	return w
}

func hasCode(named []config.Named, code string) bool {
	return slices.ContainsFunc(named, func(n config.Named) bool { return n.Code == code })
}

// longestText bounds what is written freely: names, comments.
const (
	longestName     = 254
	longestMailing  = 64 // override mailing names, process 3.4.1.1, step 1.3
	longestComments = 2000
	mostMailing     = 3
)

// checked is a person with its points canonical and its identifiers as their types say, and everything that is wrong with
// it (process 3.4.1.1, step 1.3).
func (s *Service) checked(in customer.Person) (customer.Person, []fault.Violation) {
	cfg := s.Configs.Current()
	var w wrongs
	_, known := cfg.Division(in.Division)
	w.when(!known, "/division", "is not configured")
	w.when(in.Kind != "" && in.Kind != customer.Human && in.Kind != customer.Business, "/kind", "is person or business")
	w.names(in.Names, cfg.Installation().AlternateName)
	in.Identifiers = w.identifiers(in.Identifiers, cfg)
	in.Points = w.points(s, in)
	w.when(len(in.Mailing.Names) > mostMailing, "/mailing/names", "has at most three lines")
	for i, n := range in.Mailing.Names {
		w.when(strings.TrimSpace(n) == "" || len([]rune(n)) > longestMailing, "/mailing/names/"+strconv.Itoa(i), "has 1 to 64 characters")
	}
	if in.Mailing.Address != nil {
		w = append(w, in.Mailing.Address.Violations("/mailing/address")...)
	}
	w.seasons(in.Seasons)
	if in.Language != "" {
		_, err := language.Parse(in.Language)
		w.when(err != nil, "/language", "is no language, as en-US")
	}
	w.characteristics(in.Characteristics, "person", cfg)
	return in, w
}

func (w *wrongs) names(names []customer.Name, alternate bool) {
	kinds := []customer.NameType{customer.Primary, customer.Alias, customer.Legal, customer.DBA, customer.Alternate}
	primaries := 0
	for i, n := range names {
		at := "/names/" + strconv.Itoa(i)
		if n.Type == customer.Primary {
			primaries++
		}
		w.when(strings.TrimSpace(n.Text) == "", at+"/text", "is required")
		w.when(len([]rune(n.Text)) > longestName, at+"/text", "has more than 254 characters")
		w.when(!slices.Contains(kinds, n.Type), at+"/type", "is primary, alias, legal, dba or alternate")
		w.when(n.Type == customer.Alternate && !alternate, at+"/type", "is not kept: the installation has no alternate names")
	}
	w.when(primaries != 1, "/names", "has exactly one primary name")
}

// identifiers checks them and says which are unique.
func (w *wrongs) identifiers(ids []customer.Identifier, cfg *config.Snapshot) []customer.Identifier {
	usage := cfg.Installation().PersonID
	w.when(usage == "required" && len(ids) == 0, "/identifiers", "has at least one: the installation requires it")
	w.when(usage == "not_used" && len(ids) > 0, "/identifiers", "is not used in this installation")
	primaries := 0
	ids = slices.Clone(ids)
	for i, id := range ids {
		at := "/identifiers/" + strconv.Itoa(i)
		kind, known := cfg.IdentifierType(id.Type)
		w.when(!known, at+"/type", "is no Identifier Type")
		if id.Primary {
			primaries++
		}
		value := id.Value.Reveal()
		switch {
		case id.Value.Key() == "" || len(value) > 100:
			w.add(at+"/value", "has letters or digits, and 100 characters at most")
		case known && kind.Pattern != "":
			right, err := regexp.MatchString(`^(?:`+kind.Pattern+`)$`, value)
			w.when(err != nil || !right, at+"/value", "does not match the format of Identifier Type "+kind.Code)
		}
		w.when(slices.ContainsFunc(ids[:i], func(o customer.Identifier) bool { return o.Type == id.Type && o.Value.Key() == id.Value.Key() }),
			at+"/value", "is there twice")
		ids[i].Unique = kind.Unique
	}
	w.when(primaries > 1, "/identifiers", "has one primary identifier at most")
	return ids
}

func (w *wrongs) seasons(seasons []customer.Season) {
	for i, s := range seasons {
		at := "/seasons/" + strconv.Itoa(i)
		*w = append(*w, s.Address.Violations(at+"/address")...)
		from, until := isMonthDay(s.From), isMonthDay(s.Until)
		w.when(!from, at+"/from", "is a month and day, as 11-01")
		w.when(!until, at+"/until", "is a month and day, as 03-31")
		for k, other := range seasons[:i] {
			if from && until && overlaps(s, other) {
				w.add(at, "overlaps season "+strconv.Itoa(k))
			}
		}
	}
}

// isMonthDay takes the 29th of February: the season then ends with the month.
func isMonthDay(s string) bool {
	_, err := time.Parse(time.DateOnly, "2024-"+s)
	return err == nil
}

// overlaps reports whether two seasons share a day; one of the four ends then lies in the other.
func overlaps(a, b customer.Season) bool {
	const year = "2024-"
	return a.Holds(year+b.From) || a.Holds(year+b.Until) || b.Holds(year+a.From)
}

func (w *wrongs) characteristics(all []plugin.Characteristic, entity string, cfg *config.Snapshot) {
	for i, c := range all {
		at := "/characteristics/" + strconv.Itoa(i)
		kind, known := cfg.CharacteristicType(c.Type)
		switch {
		case !known || !slices.Contains(kind.Entities, entity):
			w.add(at+"/type", "is no characteristic type of "+entity+"s")
		case len(kind.Values) > 0 && !slices.Contains(kind.Values, c.Value):
			w.add(at+"/value", "is not one of the values of "+kind.Code)
		case kind.Pattern != "":
			right, err := regexp.MatchString(`^(?:`+kind.Pattern+`)$`, c.Value)
			w.when(err != nil || !right, at+"/value", "does not match the format of "+kind.Code)
		default:
			w.when(c.Value == "" || len(c.Value) > longestName, at+"/value", "has 1 to 254 characters")
		}
	}
}

// points canonicalises what was given raw; a phone with a phone type is read by its format.
func (w *wrongs) points(s *Service, in customer.Person) []customer.Point {
	cfg := s.Configs.Current()
	division, _ := cfg.Division(in.Division)
	out := make([]customer.Point, 0, len(in.Points))
	for i, pt := range in.Points {
		at := "/points/" + strconv.Itoa(i)
		channel, caps := mediumOf(pt.Kind)
		if channel == "" {
			w.add(at+"/kind", "is phone, email or post")
			continue
		}
		pt, bad := s.formatted(cfg, pt)
		if bad != "" {
			w.add(at+"/"+bad[:strings.Index(bad, " ")], bad[strings.Index(bad, " ")+1:])
			continue
		}
		address, zones, err := s.Channels[channel].Address(pt.Value.Reveal(), division.Country)
		if err != nil {
			w.value(at, pt.Kind, err)
			continue
		}
		pt.Value, pt.Zones = address, slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(pt.Zones), zones...))))
		if len(pt.Capabilities) == 0 {
			pt.Capabilities = caps
		}
		w.when(foreign(pt.Capabilities, pt.Kind), at+"/capabilities", "does not fit the kind of contact point")
		for _, z := range pt.Zones {
			_, err := time.LoadLocation(z)
			w.when(err != nil || z == "" || z == "Local", at+"/zones", "has a name that is no IANA time zone")
		}
		out = append(out, pt)
	}
	return out
}

// value says what is wrong with a point's value; a postal block names its fields itself.
func (w *wrongs) value(at string, kind customer.PointKind, err error) {
	var f *fault.Error
	if kind != customer.Post || !errors.As(err, &f) || len(f.Violations) == 0 {
		w.add(at+"/value", desk.ReasonOf(err))
		return
	}
	for _, v := range f.Violations {
		w.add(at+"/postal"+v.Field, v.Reason)
	}
}

// formatted reads a phone by the format of its phone type. What is wrong is a field and a reason.
func (s *Service) formatted(cfg *config.Snapshot, pt customer.Point) (customer.Point, string) {
	switch {
	case pt.Kind != customer.Phone:
		if pt.Type != "" || pt.Extension != "" {
			return pt, "type is of phones only"
		}
		return pt, ""
	case pt.Type != "" && !hasCode(cfg.Document().PhoneTypes, pt.Type):
		return pt, "type is no phone type"
	case len(pt.Extension) > 6 || strings.Trim(pt.Extension, "0123456789") != "":
		return pt, "extension has at most six digits"
	case pt.Type == "":
		return pt, ""
	}
	return s.read(cfg, pt)
}

// read reads a phone by the algorithm on its phone type.
func (s *Service) read(cfg *config.Snapshot, pt customer.Point) (customer.Point, string) {
	for _, plug := range cfg.PlugsOf("phone_type", pt.Type, "format") {
		format, known := s.Spots.PhoneFormat[plug.Code]
		if !known {
			continue
		}
		read, err := format(pt.Value.Reveal(), plug.Parameters)
		if err != nil {
			return pt, "value phone number does not match format for phone type " + pt.Type + ": " + desk.ReasonOf(err)
		}
		pt.Value = read.E164
		if read.Extension != "" {
			pt.Extension = read.Extension
		}
	}
	return pt, ""
}

// mediumOf is the channel that reaches a kind of contact point, and what one of the kind may take.
func mediumOf(k customer.PointKind) (message.Channel, []customer.Capability) {
	switch k {
	case customer.Phone:
		return message.Voice, []customer.Capability{customer.CanSMS, customer.CanVoice}
	case customer.Email:
		return message.Email, []customer.Capability{customer.CanEmail}
	case customer.Post:
		return message.Letter, []customer.Capability{customer.CanPost}
	}
	return "", nil
}

func foreign(caps []customer.Capability, k customer.PointKind) bool {
	_, fits := mediumOf(k)
	return slices.ContainsFunc(caps, func(c customer.Capability) bool { return !slices.Contains(fits, c) })
}
