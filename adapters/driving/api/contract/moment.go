package contract

import "time"

// Moment is a time as answers write it: in UTC with microseconds. The zero moment is left out.
type Moment time.Time

// momentFormat is how.
const momentFormat = "2006-01-02T15:04:05.000000Z07:00"

// IsZero tells a moment that is none.
func (m Moment) IsZero() bool { return time.Time(m).IsZero() }

// MarshalText implements encoding.TextMarshaler.
func (m Moment) MarshalText() ([]byte, error) {
	return []byte(time.Time(m).UTC().Format(momentFormat)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Moment) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339Nano, string(text))
	*m = Moment(at)
	return err
}
