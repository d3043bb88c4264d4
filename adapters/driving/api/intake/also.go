package intake

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/fault"
)

// AlsoWrong asks the core what it finds wrong with the rest of a contact that is refused already, and returns
// everything. Nothing is written. What follows only from a field that was left out because it is wrong is not told.
func AlsoWrong(
	ctx context.Context, core Accepter, now time.Time, p access.Principal, r accept.Request, wrong []fault.Violation,
) []fault.Violation {
	named := func(fields ...string) bool {
		return slices.ContainsFunc(wrong, func(v fault.Violation) bool { return slices.Contains(fields, v.Field) })
	}
	if named("", "/division", "/class", "/type") { // without them nobody knows what the contact needs
		return wrong
	}
	r.Key = "" // it must not find what was accepted under the key
	_, err := core.Validate(ctx, now, p, r)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return wrong
	}
	whom := []string{"/person", "/externalPerson", "/recipient"}
	all := slices.Clone(wrong)
	for _, v := range f.Violations {
		known := slices.ContainsFunc(wrong, func(w fault.Violation) bool {
			return v.Field == w.Field || strings.HasPrefix(v.Field, w.Field+"/") || isListOf(v.Field, w.Field)
		})
		switch {
		case known, !strings.HasPrefix(v.Field, "/"):
		case slices.Contains(whom, v.Field) && named(whom...):
		default:
			all = append(all, v)
		}
	}
	return all
}

// isListOf reports whether a field is the list in which the other stands.
func isListOf(list, item string) bool {
	rest, below := strings.CutPrefix(item, list+"/")
	return below && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

// WhatIsRight is a contact without its wrong fields; false when nothing of it can be read.
func WhatIsRight(body []byte, wrong []fault.Violation) (accept.Request, bool) {
	var tree map[string]any
	d := stdjson.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return accept.Request{}, false
	}
	for _, v := range wrong {
		removeField(tree, strings.Split(v.Field, "/"))
	}
	text, err := stdjson.Marshal(tree)
	if err != nil { // what came in as JSON goes out as JSON
		return accept.Request{}, false
	}
	var in struct {
		Division, Reference, Class, Type, Person, ExternalPerson, Account, Premise string

		Recipient *accept.Inline
		Data      map[string]any
	}
	d = stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return accept.Request{}, false
	}
	id, _ := customer.ParsePersonID(in.Person) // none is none
	return accept.Request{
		Division: in.Division, Reference: in.Reference, Class: in.Class, Type: in.Type, Person: id,
		External: in.ExternalPerson, Inline: in.Recipient, Account: in.Account, Premise: in.Premise, Data: in.Data,
	}, true
}

// removeField removes the field that a pointer names; of a list, the whole list. The first token stands before the
// first slash.
func removeField(tree map[string]any, tokens []string) {
	for at := 1; at < len(tokens); at++ {
		name := tokens[at]
		deeper, isObject := tree[name].(map[string]any)
		if at == len(tokens)-1 || !isObject {
			delete(tree, name)
			return
		}
		tree = deeper
	}
}
