package occurrence_test

import (
	"testing"

	"carillon/core/occurrence"
)

func TestValuesFillThePlacesOfMessages(t *testing.T) {
	t.Parallel()
	about := map[occurrence.Kind]string{
		occurrence.KindOrder: "SPRING", occurrence.KindLead: "Solar on every roof", occurrence.KindMember: "COOP",
		occurrence.KindMemberActive: "COOP", occurrence.KindBudget: "NBB-MRR", occurrence.KindMeterRemark: "DOG",
		occurrence.KindFieldRemark: "TAMPER", occurrence.KindTask: "CREATE-CC", occurrence.KindAdjustment: "NSF",
		occurrence.KindDeposit: "RES", occurrence.KindCollection: "10", occurrence.KindSeverance: "10", occurrence.KindWriteOff: "10",
		occurrence.KindOverdue: "10", occurrence.KindCut: "10", occurrence.KindCase: "CLOSED", occurrence.KindCard: "2026-12",
		occurrence.KindWorkflow: "3",
	}
	for _, kind := range occurrence.Kinds() {
		e, err := occurrence.Read(written(t, sample(t, kind)))
		if err != nil {
			t.Fatal(err)
		}
		v := e.Values()
		if len(v) != 9 || v[0] != e.Object || v[1] != about[kind] || v[2] != "2026-11-20" || v[8] != e.Detail.Sites()[0].Code {
			t.Errorf("%s: %q", kind, v)
		}
	}
}
