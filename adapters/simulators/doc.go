// Package simulators runs doubles of the providers that Carillon speaks to: Amazon SNS (text messages), Amazon SES v2
// (email), a dialer vendor (calls), a document management system (letters) and the Kafka broker between. They speak
// the real wire protocols, report back as the real ones do, keep a record of everything they were asked, and
// misbehave on command. They know nothing of Carillon: what they record is an independent witness.
//
// [Start] runs what a [Config] names and returns a [Running]. [Default] is all of them on free loopback ports on a
// realistic [Morning]; tests take [Calm]. The waits are real; the time that is written down is Config.Clock's.
//
// # What speaks what
//
//   - SNS, package sns: the query protocol at any path. Publish to a PhoneNumber, GetSMSAttributes (the read-only probe),
//     CheckIfPhoneNumberIsOptedOut, ListPhoneNumbersOptedOut, OptInPhoneNumber, ConfirmSubscription. After a Publish comes
//     the delivery-status record as a notification under the status topic, after a reply the two-way payload under
//     the inbound topic.
//   - SES, package ses: POST /v2/email/outbound-emails and GET /v2/email/account. After a send come the events Send, then
//     Delivery, Bounce, Complaint, Reject or DeliveryDelay under the email topic. An address that bounced for good or
//     complained is suppressed from then on. The addresses of simulator.amazonses.com do what they do at SES.
//   - The dialer vendor, package dialer: PUT /campaigns/{id}/dial-requests, GET /campaigns/{id}/state. Results are posted to
//     <calls>/v1/feeds/calls/results, one to a request; with PullEvery it leases from <calls>/v1/feeds/calls/lease.
//   - The DMS, package dms: reads carillon.letters and carillon.manifests from their beginning, answers on
//     carillon.letter-status. A letter is its id: the same id with the same bytes is a repeat and is not printed again,
//     with other bytes it is rejected. Sequences begin at 1. Letters are printed once their run's manifest adds up.
//   - Kafka, package kafka: kfake, one broker, six partitions.
//
// Requests to SNS and SES must be signed (Signature Version 4) for the service; the signature itself is not checked.
// Notifications are signed with SignatureVersion 2; SigningCertURL has the shape of the real one, and the certificate is
// got from [Running.CertificatePEM] or GET /control/certificate. A notification is tried at once, twice more at once,
// and then with growing waits; a 4xx other than 429 ends it, as at SNS; every try carries the same MessageId.
// Each hook gets one SubscriptionConfirmation at the start; notifications do not wait for its confirmation.
//
// # The control listener
//
//	GET    /control                  the state of all as JSON
//	GET    /control/certificate      the certificate of the notifications (PEM)
//	PUT    /control/{name}[?key=K]   lay down a fault; name is sns, ses, dialer or dms
//	DELETE /control/{name}[?key=K]   take the fault of K away; without a key, every fault of the simulator
//	PUT    /control/hooks            {"smsStatus","smsInbound","email","calls","callsKey"}: where reports go
//	POST   /control/sns/reply        {"from":"+1…","to":"…","body":"STOP"}: a person texts back
//	POST   /control/sns/optout       {"number":"+1…","out":true}: opt a number out, or in
//	GET    /records/{name}           the records in memory as NDJSON; ?after=<seq> and ?op=<op> narrow them
//	DELETE /records                  forget the records in memory; numbers go on, files stay
//
// A key is a SenderID or an OriginationNumber (SNS; the number goes first), a From domain (SES), a campaign id
// ("pull" for leased calls) or a batch code (DMS). The fault of a key replaces the fault for all; an empty one shields
// the key. PUT replaces what was there. The fields of a fault, all of them optional:
//
//	down               503 to every call; the DMS stops reading, the dialer stops leasing
//	throttlePerSecond  units that pass in a second: SMS parts, recipients, calls, letters; the rest is throttled
//	                   (SNS Throttling, SES TooManyRequestsException, dialer RequestThrottled); the DMS waits
//	delayMillis        waited before a call is looked at; for the DMS, that for all, before each poll
//	loseAnswers        rate: taken and recorded, then the connection is cut; for the DMS, a status is never sent
//	lateAnswers        rate: taken and recorded, answered lateMillis later
//	lateMillis         how late
//	refuse             patterns with * of numbers, addresses, letter ids or record keys: SNS InvalidParameter,
//	                   SES BadRequestException, dialer InvalidInput, DMS rejected
//	failReceipts       rate of failing reports in place of the profile's: SNS FAILURE, SES Permanent bounce, dialer
//	                   NO_ANSWER, DMS rejected; 0 lets all succeed
//	noReceipts         rate of messages of which nothing is reported, in place of the profile's
//	reason             text of a failing report: providerResponse, diagnosticCode, disposition, reason
//	lapseLeases        dialer: rate of leased calls that are left until their lease is over
//	error              code that every send is answered with: a code of SNS or SES; at the dialer InvalidInput,
//	                   RequestThrottled or UnknownError for each call, ThrottlingException, AccessDeniedException,
//	                   ResourceNotFoundException, ConflictException, ValidationException or InternalServerException for
//	                   the batch; at the DMS the reason each letter is rejected for. Codes of 403 and 5xx are given to
//	                   probes too; at SES a suspended or paused account shows in GetAccount
//
// # The records
//
// One JSON object for everything that was asked or told: see [book.Record] for each field. With Config.RecordDir they are
// appended to sns.ndjson, ses.ndjson, dialer.ndjson and dms.ndjson there. They hold contents in full: they are the
// memory of a provider of invented customers. What each op means, and its outcomes:
//
//	publish, send   a text, an email: accepted, refused, invalid, throttled, error, forbidden, down; id is the
//	                message id, answer is lost or late when the answer was
//	dial            one dial request: the same, and repeat; reference is the client token. A batch that was refused
//	                as a whole is one record without a reference
//	lease           a leased call: accepted, repeat, lapsed; error when the lease could not be had
//	result          a call's result: delivered, given_up, silent, dropped; content is the disposition
//	notification    a report of SNS or SES: delivered, given_up, dropped, no_hook; id is the notification's MessageId,
//	                reference the message it speaks of, content the payload
//	confirmation    a SubscriptionConfirmation: delivered, given_up, dropped
//	confirm         a ConfirmSubscription: accepted, invalid
//	probe           a call that sends nothing: accepted, error, forbidden, invalid, down; reference is its name
//	inbound         a reply: accepted; reference is the last message to that number
//	optout          out or in, by the control listener
//	letter          accepted, rejected, repeat, conflict, invalid, replay (answered before a restart); reference is
//	                batch/run/sequence
//	manifest        received, repeat, conflict, invalid; reference is batch/run
//	status          what the DMS told: delivered, given_up, silent; content is the status, reference letter or run
package simulators
