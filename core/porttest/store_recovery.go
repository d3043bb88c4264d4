package porttest

import (
	"time"

	"carillon/core/message"
)

func recovery() []sentence {
	return []sentence{
		{"shows what is claimed or due at the time, page by page, with all that is known of it", func(st *stand) {
			due := st.waiting(5, lane(), Noon())
			st.waiting(2, lane(), Noon().Add(time.Hour)) // later: they cannot have been claimed
			taken := st.claim(lane(), Noon().Add(time.Minute), 2)
			var all []message.Record
			var after message.ID
			for {
				page, err := st.s.Claimable(st.t.Context(), Noon().Add(time.Minute), after, 2)
				st.ok(err, "reading what may be claimed")
				if len(page) == 0 {
					break
				}
				after = page[len(page)-1].Message.ID
				all = append(all, page...)
			}
			st.check(len(all) == len(due), "what is claimed has a lease that ends later, and is among them")
			owners := map[message.ID]string{}
			for _, t := range taken {
				owners[t.Message.ID] = t.Due.Owner
			}
			for _, r := range all {
				st.same("record", r, st.record(r.Message.ID))
				st.check(r.Due.Owner == owners[r.Message.ID], "it says who claimed it")
			}
		}},
		{"shows nothing that is settled", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.applied(st.sent(taken, Noon()))
			page, err := st.s.Claimable(st.t.Context(), Noon().Add(time.Hour), message.ID{}, 9)
			st.ok(err, "reading what may be claimed")
			st.check(len(page) == 0, "it is over")
		}},
		{"sees no program of ours but this one", func(st *stand) {
			n, err := st.s.Elsewhere(st.t.Context())
			st.ok(err, "counting others")
			st.check(n == 0, "nobody else is there")
		}},
	}
}
