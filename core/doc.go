// Package core is the dictionary of the house: one word per thing, everywhere (code, tables, metrics, contract, console).
// The terms of the two processes come first: Manage Customer Contacts (3.4.1.1) and Stop Non Premise Based Service
// (3.3.2.3); the step in brackets is where a word comes from.
//
// # Thirty words to begin with
//
// What comes in: a CIS posts a customer contact, or a system event that creators make contacts of. A contact has a class
// and type; the type's plan is a list of steps, each on a channel; a step brings a message, its template filled, for a
// recipient. Accepted means that all of it is committed.
//
// What goes out: a message waits as a due row in a lane (a route at an urgency) until dispatch claims it, asks the gate,
// makes one call through a guard, and settles it. A call that was spent is an attempt; what is seen of a message is
// evidence, and evidence amounts to a place, one of nine. A place that is final is an outcome. A message that may have
// been sent is in doubt. Letters leave in runs of LTRPRT, frozen.
//
// What people do: a To Do entry is work for a person, of a To Do type, open to a role. A suppression forbids an address.
// A dead letter can be replayed. A Batch Control has runs in threads.
//
// What holds it: an algorithm is plugged on a spot; a configuration is the document of all rows, in versions; a write set is
// what one decision changes; the ledger says what happened; a fault says what failed, by its kind.
//
// # Three walks
//
// The hops a thing makes through the code, for whoever looks for the place where something is done.
//
// A contact that becomes a text, 10 hops:
//
//  1. adapters/driving/rest: acceptContact. The body was read strictly by api/contract.
//  2. adapters/driving/api/intake: ContactRequest.Request, the same for REST, NDJSON and Kafka.
//  3. core/accept: Service.Accept, and in Prepare all that is decided: recipient, plan, message, its text filled by
//     channels/sms (segment.go counts the parts).
//  4. adapters/kit/group: many requests become one transaction.
//  5. adapters/driven/postgres or sqlite: Apply. The 202 is written after it.
//  6. adapters/driving/ticker: a lane's turn calls core/dispatch, Service.Exchange: claim, gate, and what may be called.
//  7. channels/sms: Sender.Send, through the port Carrier.
//  8. adapters/kit/guard: deadline, bulkhead, breaker; in it adapters/driven/sns: Carrier.Send. Its classify gives a failure
//     its kind: a 429 is Throttled, spends no attempt, and slows the lane.
//  9. core/dispatch: settle.go writes how the claim ended: sent, again later, in doubt, failed; the next step by
//     core/accept, NextStep.
//  10. adapters/driving/hooks: the delivery status comes in; core/report: Receive keeps it, Work makes it evidence and a place.
//
// A letter, 8 hops: 1 to 5 as above, filled by channels/letter. Then:
//
//  6. core/batch: Letters.Run, by the schedule, the API or the command line: claims the lanes of letters and freezes each
//     (channels/letter, Freeze).
//  7. core/batch: press.go hands the frozen letters to the port Press: adapters/driven/kafkaout, through its guard, then the
//     manifest.
//  8. adapters/driving/kafkain: the DMS's answers; core/report as above.
//
// A To Do of a reminder, 6 hops:
//
//  1. core/batch: Reminders (TD-CCCB), run in threads by Worker, finds the reminders whose trigger date has come.
//  2. core/todo: Rules choose the role and run the algorithms of the To Do type (core/algorithm).
//  3. core/store, Apply: entry, log, and the mark of the reminder, in one write set.
//  4. adapters/driving/rest: todos.go lists it and takes actions on it.
//  5. core/desk/worklist: Act. Who may do what is core/todo: Actor; whether it may be forwarded to a role, Rules.Forwardable.
//  6. core/store, Apply again: the entry's move, its log and a ledger entry.
//
// # Nouns: types, lawful moves, pure decisions
//
//   - Principal (access): who asks, a user or a system, with a source, divisions and roles. A key is shown once; its
//     SHA-256 is what is kept.
//   - Person (customer): a customer or anyone else we write to [3.4.1.1 steps 1.0, 1.3]. Name: one of its names, one of
//     them primary. Contact point: one way to reach it, with what it can take and the zones it may lie in.
//   - Account (customer): what persons are billed under, one of them its main customer; premise: a place that is served
//     [1.3, 1.4, 1.5]. Group: fields with one owner, the CIS or Carillon; corrected, loaded, given back. Revision: how
//     often we wrote it. Sighting: a division that sees a person because of what it holds there.
//   - Service agreement, SA (agreement): what an account is charged for [3.3.2.3], loaded from the CIS.
//   - Recipient (customer): who one message is for, as resolved when it was accepted. Address: a number, an email address
//     or a postal block; it prints redacted and reveals only through Reveal.
//   - System event (occurrence): something that happened in a CIS and brings customer contacts [3.4.1.1 step 2.2]: one of
//     eighteen kinds, each with its own detail. Site: where its creators hang, a spot of one configuration object. Creator
//     (contact): the algorithm that makes a contact of an event; creation: what it made of one occasion. Contact task: a
//     creation that stays in error when it cannot be and can be tried again.
//   - Customer contact (contact): why the utility and a customer touched [3.4.1.1 steps 1.1, 1.2, 2.2]. Class and type say
//     what it is, needs, and makes of itself.
//   - Desk part, log, reminder (contact): what a desk adds to a contact, which itself is written once [3.4.1.1 steps 1.6 to
//     1.8]. A reminder waits until a To Do is made of it, once ever, by its trigger date [1.9 to 2.1]. File: all three.
//   - Timeline (contact): what happened with a person, an account or a premise, from the ledger [3.4.1.1 step 1.2]. Business
//     object: the JSON Schema that contacts of a type are validated against.
//   - Template (template): the form [3.4.1.1 step 2.3]; its renderer is a port. Content: the form filled.
//   - Message (message): one thing to be delivered on one channel because of a contact, with its life: letter
//     [3.4.1.1 steps 2.3 to 2.7], voice [2.8 to 3.1], sms [3.2 to 3.4], email [3.5, 3.6]. It is written once and never
//     updated.
//   - Due row: the narrow row of a message that waits or is being called. Claim: taking it to call, under a fence, until
//     a lease. Lapsed: a claim whose lease has passed; its call may have been made.
//   - Evidence: one thing seen of a message, numbered and never erased. Place: what the evidence amounts to, one of nine:
//     pending, in doubt, sent, delivered, unconfirmed, failed, suppressed, cancelled, expired. Outcome: a place that is
//     final. Life: due row and evidence folded.
//   - Attempt: one call that was spent. Answer: what a call brought at once, a receipt or a fault. Report: what the
//     provider, the recipient or a person says later.
//   - In doubt: the call may have been made and its answer is not known. It is never silently repeated: the contact type
//     says hold, repeat, or open a To Do. Dead letter: a message that ended without a proof that anybody was reached, or is in
//     doubt.
//   - Replay: a person puts a dead letter back into its lane; it keeps its id. Retry: a new message of the same step
//     replaces one that fell, to another address or for another try. Halt: a contact's plan goes no further.
//   - To Do entry (todo): work that only a person can do [3.4.1.1 steps 2.0, 2.1; 3.3.2.3 steps 2.7, 3.1, 3.2]: resolve a
//     doubt, look after a contact whose plan reached nobody, a reminder. It is open to its To Do Role, assigned to a user
//     (in progress, on hold), or complete; and open once about one thing, which its drill keys name. Assign, forward, send
//     back: to give it to a user, to another or to a role, to whom it came from. Route: to tell people of it outside.
//   - Suppression (consent): we must not reach this address on this channel. Window: when a channel may reach people, in
//     their own time. Gate: whether a message may be called here, now.
//   - Plan and step (plan): ordered channels; the next step starts when one has fallen, and starts once.
//   - Ledger (ledger): what happened, as canonical entries without personal content. Leaf: a sealed entry. Cursor: how far
//     a reader has got. Tree, tile: the Merkle tree over the leaves (RFC 6962), and 256 of its hashes as they are kept.
//     Checkpoint: its size and root, signed under the name of the log, its origin. Growth: more leaves in the tree.
//   - Run (extract): what one run of the Batch Control LTRPRT took, froze and handed over [3.4.1.1 step 2.6], under the
//     number of the run. Letter: the bytes it froze, the same in every rerun. Manifest: what the document management system
//     must have got [2.7].
//   - Division, route (config): a part of the utility; channel + provider account + sender identity. Urgency: emergency,
//     regulatory, service, bulk. Lane: route × urgency, as one small number. A configuration is written whole, checked
//     whole and has a version; a message names the version it was accepted under.
//   - Run (control): one run of a Batch Control [3.4.1.1 steps 1.9, 2.0], of whatever batch. Thread: a part of its work set,
//     a range of keys; instance: one gateway's time at it, from its restart point on. Row error: what went wrong with one
//     row. Moment: when a schedule runs next, and whether
//     that has passed.
//   - Spot (plugin): a place where algorithms hang: a kind of configuration object and its system event. Plug (config): one
//     algorithm on a spot, by its exact code, with its parameters. Owner (config): an object of the CIS that contacts hang
//     on, as a campaign [3.4.1.1 step 2.2]. Catalog: every algorithm there is. Lint: everything that is wrong with a
//     configuration, by row and field, before it is written.
//   - Fault (fault): a failure with its kind. One table of kinds drives the HTTP status, what dispatch does, and what a
//     breaker counts.
//   - Write set (store): what one decision changes. Facts: what it was decided from. Verdict: applied, replayed or
//     conflict.
//
// To come with the rest of the two processes: SA type, stop request, financial transaction
// [3.3.2.3 throughout].
//
// # Verbs: gather facts, call decisions, hand over one write set
//
//   - Accept: take a contact in, durably [3.4.1.1 steps 1.1, 2.2]. Prepare: the same without applying it.
//   - Dispatch: try what is due, settle what came back [3.4.1.1 steps 2.9, 3.3, 3.5]. Exchange: one turn of both. Lease,
//     extend, recall: how a dialer vendor pulls calls [2.8, 2.9].
//   - Report: turn what is heard later into evidence, outcomes, next steps, suppressions and marks. Deadlines are the
//     reports nobody sent.
//   - Sysevent: take a system event in once, run the creators at its sites, keep what they made [3.4.1.1 step 2.2]; try a
//     contact task again.
//   - Desk: what people and systems do at the counter [3.4.1.1 steps 1.0, 1.3, 1.6]: read back, cancel, load persons, keep
//     the suppression list, configure.
//   - Batch: the jobs on the clock: LTRPRT [3.4.1.1 step 2.6], the sealer, the relay, the conservation check.
//
// Settle: write down how a claim ended. Give back: return a claim uncalled. Fall: to end without reaching the recipient.
// Seal: number a committed entry as a leaf. Freeze: make a message into the bytes of a letter.
//
// # Ports
//
// Press (letter), Carrier (sms), Mailer (email) and Dialer (voice) carry messages; a channel knows its medium and declares
// the port. Renderer fills templates. The store's ports are in package store. A provider is the company or system behind
// an adapter.
//
// # Decisions that bind all
//
//   - The core is still: no goroutine, no clock, no I/O. Time comes in as a value; use cases take (ctx, now, command).
//   - A decision is a pure function of now, command and facts; it returns values. There is one way into the tables:
//     store.Applier takes write sets, each all or nothing.
//   - Accepted means durable: the answer is given after the commit. Same source, key and normalised request: same answer.
//   - A message is always in exactly one of the nine places; the counters of every hour add up to what was accepted.
//   - Claiming is beginning: nothing is claimed that cannot be called at once, and no call begins after its lease.
//   - Only dispatch repeats a call, because only it knows whether repeating is safe.
//   - An outage costs no attempts, and neither does a throttle.
//   - Another division's rows are as if they were not there.
//   - A text that is logged, sealed or shown in a fault names fields, codes and numbers, never a person's data.
//   - No registration by init, no package-level state. Who may import whom is proven by house_test.go.
package core
