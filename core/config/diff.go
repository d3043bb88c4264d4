package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// What became of a row.
const (
	Added     = "added"
	Removed   = "removed"
	Changed   = "changed"
	Reordered = "reordered" // the rows of a kind stand in another order
)

// Change is what became of one object of the configuration.
type Change struct {
	Kind   string        `json:"kind"`
	Code   string        `json:"code"` // empty for what there is one of, and for a kind that is reordered
	What   string        `json:"what"`
	Fields []FieldChange `json:"fields,omitempty"` // of what was changed
}

// FieldChange is what became of one field; a side is nil where the field is not there.
type FieldChange struct {
	Field  string `json:"field"` // JSON pointer within the object
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

// Diff says what a document changes of another, in the order in which rows are stored; removed rows of a kind come last.
func Diff(before, after Document) ([]Change, error) {
	was, err := before.Rows()
	if err != nil {
		return nil, err
	}
	is, err := after.Rows()
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, s := range shelves() {
		found, err := diffRows(s.kind, ofKind(was, s.kind), ofKind(is, s.kind))
		if err != nil {
			return nil, err
		}
		changes = append(changes, found...)
	}
	return changes, nil
}

func ofKind(rows []Row, kind string) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Kind != kind })
}

func diffRows(kind string, was, is []Row) ([]Change, error) {
	bodies := byCode(was, func(r Row) string { return r.Code })
	var changes []Change
	var stayed []string
	for _, r := range is {
		old, there := bodies[r.Code]
		delete(bodies, r.Code)
		if !there {
			changes = append(changes, Change{Kind: kind, Code: r.Code, What: Added})
			continue
		}
		stayed = append(stayed, r.Code)
		if old.Body == r.Body {
			continue
		}
		fields, err := diffBodies(old.Body, r.Body)
		if err != nil {
			return nil, err
		}
		if len(fields) > 0 {
			changes = append(changes, Change{Kind: kind, Code: r.Code, What: Changed, Fields: fields})
		}
	}
	var order []string // of those that stayed, as it was
	for _, r := range was {
		if _, gone := bodies[r.Code]; gone {
			changes = append(changes, Change{Kind: kind, Code: r.Code, What: Removed})
		} else {
			order = append(order, r.Code)
		}
	}
	if !slices.Equal(order, stayed) {
		changes = append(changes, Change{Kind: kind, What: Reordered})
	}
	return changes, nil
}

func diffBodies(was, is string) ([]FieldChange, error) {
	var before, after any
	if err := json.Unmarshal([]byte(was), &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(is), &after); err != nil {
		return nil, err
	}
	return diffValues("", before, after), nil
}

// diffValues walks objects and lists down to what differs. An empty one and none are the same.
func diffValues(at string, before, after any) []FieldChange {
	was, is := members(before), members(after)
	if was != nil && len(was) == 0 {
		before, was = nil, nil
	}
	if is != nil && len(is) == 0 {
		after, is = nil, nil
	}
	switch {
	case was != nil && is != nil:
	case was == nil && is == nil && before == after:
		return nil
	default:
		return []FieldChange{{Field: at, Before: before, After: after}}
	}
	var changes []FieldChange
	names := maps.Clone(was)
	maps.Copy(names, is)
	for _, name := range slices.SortedFunc(maps.Keys(names), byNumber) {
		changes = append(changes, diffValues(at+"/"+name, was[name], is[name])...)
	}
	return changes
}

// members are those of an object, or of a list by their places; nil for what is neither.
func members(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		m := make(map[string]any, len(v))
		for i, it := range v {
			m[strconv.Itoa(i)] = it
		}
		return m
	}
	return nil
}

// byNumber orders places of a list by number, and names by their letters.
func byNumber(a, b string) int {
	if len(a) != len(b) && atoi(a) > 0 && atoi(b) > 0 {
		return len(a) - len(b)
	}
	return slices.Compare([]byte(a), []byte(b))
}
