package rest

import (
	"strconv"
	"strings"

	"carillon/core/fault"
)

// pathID is what a parameter of the path names; one that cannot be is not there.
func pathID[T any](x *exchange, name string, parse func(string) (T, error), what string) (T, error) {
	id, err := parse(x.Text(name))
	if err != nil {
		return id, fault.New(fault.NotFound, "there is no such "+what)
	}
	return id, nil
}

// revisionOf is the revision that If-Match names.
func revisionOf(x *exchange) (int64, error) {
	n, err := strconv.ParseInt(strings.Trim(x.Text("If-Match"), `"`), 10, 64)
	if err != nil {
		return 0, fault.Refuse(fault.Violation{Field: "header/If-Match", Reason: "is an ETag that was given out"})
	}
	return n, nil
}

func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// badCursor refuses a cursor of a list that was never given out.
func badCursor() error {
	return fault.Refuse(fault.Violation{Field: "query/after", Reason: "is not the next of a page"})
}
