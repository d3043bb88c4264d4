package store

import (
	"slices"

	"carillon/core/message"
)

// ReportWrites is what a decision changes of the inbox of reports. Empty fields change nothing.
type ReportWrites struct {
	Reports  []message.Report // into the inbox; one that is there already is passed over
	Consumed []int64          // inbox numbers; the set is a Conflict "report" when one is gone
	Deferred []Deferral       // inbox rows to look at again later
}

func (to *ReportWrites) and(from *ReportWrites) {
	to.Reports = slices.Concat(to.Reports, from.Reports)
	to.Consumed = slices.Concat(to.Consumed, from.Consumed)
	to.Deferred = slices.Concat(to.Deferred, from.Deferred)
}
