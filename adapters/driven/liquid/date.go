package liquid

import (
	"fmt"
	"strings"
	"time"
)

// date writes a date of the data by a format of strftime. The data writes it as 2006-01-02, with or without a time
// of day and an offset; it is shown as written, in no other zone.
func date(_ *run, v any, args []any) (any, bool) {
	s, ok := v.(string)
	format, ok2 := args[0].(string)
	if !ok || !ok2 {
		return nil, false
	}
	t, ok := readDate(s)
	if !ok {
		return nil, false
	}
	return strftime(t, format)
}

func readDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// strftime knows the directives below; a dash after the percent sign leaves out the leading zero or space.
func strftime(t time.Time, format string) (string, bool) {
	var b strings.Builder
	for format != "" {
		before, after, found := strings.Cut(format, "%")
		b.WriteString(before)
		if !found {
			break
		}
		bare := strings.HasPrefix(after, "-")
		after = strings.TrimPrefix(after, "-")
		if after == "" {
			return "", false
		}
		field, ok := directive(t, after[0])
		if !ok {
			return "", false
		}
		if bare {
			field = strings.TrimLeft(field[:len(field)-1], "0 ") + field[len(field)-1:]
		}
		b.WriteString(field)
		format = after[1:]
	}
	return b.String(), true
}

func directive(t time.Time, letter byte) (string, bool) {
	if layout, ok := map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'B': "January", 'b': "Jan", 'h': "Jan", 'd': "02", 'e': "_2", 'j': "002",
		'A': "Monday", 'a': "Mon", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'P': "pm", 'z': "-0700",
		'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06",
	}[letter]; ok {
		return t.Format(layout), true
	}
	switch letter {
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case '%':
		return "%", true
	}
	return "", false
}
