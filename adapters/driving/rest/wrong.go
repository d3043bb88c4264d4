package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ogen-go/ogen/middleware"
	"github.com/ogen-go/ogen/ogenerrors"
	"github.com/ogen-go/ogen/validate"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"carillon/core/fault"
)

// strict refuses query parameters that the contract does not name: with ?validat=only a contact would be accepted that
// was only to be checked.
func (s *server) strict(r middleware.Request, next middleware.Next) (middleware.Response, error) {
	if wrong := s.contract.operation(r.OperationID).unknown(r.Raw.URL); wrong != nil {
		return middleware.Response{}, fault.Refuse(wrong...)
	}
	return next(r)
}

// refusal is the document of a request that the generated server could not read. The server stops at the first thing
// that is wrong; this names all of it.
func (s *server) refusal(ctx context.Context, id string, r *http.Request, err error) problem {
	var large *http.MaxBytesError
	o := s.contract.operation(id)
	if _, other := errors.AsType[*validate.InvalidContentTypeError](err); other {
		return wrongMediaType(o.media)
	}
	body, readErr := bodyOf(r, err)
	switch {
	case errors.As(err, &large), errors.As(readErr, &large):
		return tooLarge(s.cfg.MaxBody)
	case o.body != nil && !isJSON(r):
		return wrongMediaType(o.media)
	case readErr != nil, o.body != nil && len(body) > 0 && !json.Valid(body):
		return malformed()
	}
	wrong := append(o.wrongParameters(r), o.unknown(r.URL)...)
	if o.body != nil {
		wrong = append(wrong, o.wrongBody(body)...)
	}
	if len(wrong) == 0 {
		wrong = append(wrong, blamed(err))
	}
	if o.id == acceptContact {
		if request, ok := whatIsRight(body, wrong); ok {
			wrong = s.alsoWrong(ctx, request, wrong)
		}
	}
	return problemOf(fault.Refuse(wrong...))
}

// bodyOf is the body of a request that was read in part, as a whole or not at all.
func bodyOf(r *http.Request, err error) ([]byte, error) {
	if decoding, ok := errors.AsType[*ogenerrors.DecodeBodyError](err); ok {
		return decoding.Body, nil
	}
	return io.ReadAll(r.Body) // the generated server puts back what it read
}

func isJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// blamed is what the generated server says is wrong, where the schemas see nothing.
func blamed(err error) fault.Violation {
	if param, ok := errors.AsType[*ogenerrors.DecodeParamError](err); ok {
		return fault.Violation{Field: string(param.In) + "/" + param.Name, Reason: "is not as described"}
	}
	return fault.Violation{Field: "", Reason: "is not as described"}
}

// unknown names query parameters that the operation does not have.
func (o *operation) unknown(u *url.URL) []fault.Violation {
	if u.RawQuery == "" {
		return nil
	}
	var wrong []fault.Violation
	for name := range u.Query() {
		known := slices.ContainsFunc(o.params, func(p parameter) bool { return p.in == "query" && p.name == name })
		if !known {
			wrong = append(wrong, fault.Violation{Field: "query" + shown(name), Reason: "is not a parameter of this operation"})
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return wrong
}

// wrongParameters checks every parameter.
func (o *operation) wrongParameters(r *http.Request) []fault.Violation {
	var wrong []fault.Violation
	query := r.URL.Query()
	for _, p := range o.params {
		var values []string
		switch p.in {
		case "query":
			values = query[p.name]
		case "header":
			values = r.Header.Values(p.name)
		case "path":
			values = o.segment(p.name, r.URL)
		}
		field := p.in + "/" + p.name
		if len(values) == 0 {
			if p.required {
				wrong = append(wrong, fault.Violation{Field: field, Reason: "is required"})
			}
			continue
		}
		for _, v := range violations(p.schema, p.value(values[0])) {
			wrong = append(wrong, fault.Violation{Field: field, Reason: v.Reason})
		}
	}
	return wrong
}

// value is the parameter's text as its schema wants it.
func (p parameter) value(text string) any {
	if p.integer {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(text)
		}
	}
	return text
}

// segment is the text at the place of a path parameter.
func (o *operation) segment(name string, u *url.URL) []string {
	have := strings.Split(u.EscapedPath(), "/")
	for i, part := range strings.Split(o.path, "/") {
		if part == "{"+name+"}" && i < len(have) {
			if text, err := url.PathUnescape(have[i]); err == nil {
				return []string{text}
			}
		}
	}
	return nil
}

// wrongBody checks a body that is JSON, or empty.
func (o *operation) wrongBody(body []byte) []fault.Violation {
	if len(bytes.TrimSpace(body)) == 0 {
		return []fault.Violation{{Field: "", Reason: "a body is required"}}
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	if o.kinds.field == "" {
		return violations(o.body, tree)
	}
	return o.kinds.wrong(tree)
}

// wrong checks a body by the schema of the kind it says it is, so that nothing is told of the others.
func (k kinds) wrong(tree any) []fault.Violation {
	fields, isObject := tree.(map[string]any)
	if !isObject {
		return []fault.Violation{{Field: "", Reason: "must be of type object"}}
	}
	named, there := fields[k.field]
	kind, _ := named.(string)
	schema, known := k.schemas[kind]
	switch {
	case !there:
		return []fault.Violation{{Field: "/" + k.field, Reason: "is required"}}
	case !known:
		return []fault.Violation{{Field: "/" + k.field, Reason: "must be one of " + strings.Join(slices.Sorted(maps.Keys(k.schemas)), ", ")}}
	}
	return violations(schema, tree)
}

// violations lists everything that is wrong with a value, by JSON pointer. No reason repeats a value.
func violations(schema *jsonschema.Schema, value any) []fault.Violation {
	var bad *jsonschema.ValidationError
	if err := schema.Validate(value); err == nil || !errors.As(err, &bad) {
		return nil
	}
	var wrong []fault.Violation
	gather(bad, &wrong)
	slices.SortStableFunc(wrong, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return slices.Compact(wrong)
}

func gather(e *jsonschema.ValidationError, wrong *[]fault.Violation) {
	for _, cause := range e.Causes {
		gather(cause, wrong)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			*wrong = append(*wrong, fault.Violation{Field: at + "/" + escape(name), Reason: "is required"})
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			*wrong = append(*wrong, fault.Violation{Field: at + shown(name), Reason: "is not a field here"})
		}
	default:
		*wrong = append(*wrong, fault.Violation{Field: at, Reason: reason(e.ErrorKind)})
	}
}

// reason says what a right value would be.
func reason(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be of type " + strings.Join(k.Want, " or ")
	case *kind.Enum:
		all := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			all = append(all, fmt.Sprint(w))
		}
		return "must be one of " + strings.Join(all, ", ")
	case *kind.Pattern:
		return "must match " + k.Want
	case *kind.Format:
		return "must be a " + k.Want
	case *kind.UniqueItems:
		return "must not repeat an item"
	}
	return bound(k)
}

// bound says which limit a value does not keep.
func bound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d fields", k.Want)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	}
	return "is not as described"
}

// pointer writes the JSON pointer of a place, as far as its names may be shown.
func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		next := shown(t)
		if next == "" {
			break
		}
		b.WriteString(next)
	}
	return b.String()
}

// nameLike matches what looks like a field's name.
const nameLike = `^[A-Za-z_-][A-Za-z0-9_-]{0,63}$`

// longestList is more than any list of the contract may have.
const longestList = 10000

// shown is a name that the caller chose as a token of a pointer; nothing when it does not look like a name, for it may
// be anything then, a phone number for one. Short numbers are places in a list.
func shown(name string) string {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < longestList {
		return "/" + strconv.Itoa(n)
	}
	if ok, err := regexp.MatchString(nameLike, name); err != nil || !ok {
		return ""
	}
	return "/" + name
}
