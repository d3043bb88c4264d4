package algorithm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/contact"
	"carillon/core/plugin"
)

// TimelineContacts describes C1-TL-CC-EVT. Its public description ends with what it does; the parameters are ours.
func timelineContacts() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-TL-CC-EVT", Tells: "Builds the customer contact events of a timeline from what happened with the contacts.",
		Spots: []plugin.Spot{{Owner: "zone", Event: "timeline_events"}},
		Parameters: []plugin.Parameter{
			{Name: "days", Kind: plugin.Integer, Default: "365", Least: 1, Most: 3660, Tells: "how many days back the timeline reaches"},
			{Name: "classes", Kind: plugin.Words, Tells: "the contact classes that are shown, separated by commas; all without"},
			{Name: "kinds", Kind: plugin.Words, Tells: "what is shown of a contact, as contact.accepted,message.moved; all without"},
			{Name: "length", Kind: plugin.Integer, Default: "80", Least: 1, Most: 4000, Tells: "how many characters of comments are shown"},
			{Name: "icon", Kind: plugin.Words, Default: "contact", Tells: "the icon of the events"},
			{Name: "colour", Kind: plugin.Words, Tells: "the colour of the events"},
		},
	}
}

// C1TLCCEvt is C1-TL-CC-EVT: the events of a timeline. Nobody in context has none.
func C1TLCCEvt(f contact.TimelineFacts, p plugin.Parameters) ([]contact.Event, error) {
	if f.Subject.Empty() {
		return nil, nil
	}
	said := timelineContacts().With(p)
	since := f.Now.Add(-time.Duration(number(said, "days")) * 24 * time.Hour)
	classes, kinds, length := listOf(said["classes"]), listOf(said["kinds"]), number(said, "length")
	var events []contact.Event
	for i := range f.Happenings {
		h := &f.Happenings[i]
		if h.At.Before(since) || !takes(classes, h.Class) || !takes(kinds, h.Kind) {
			continue
		}
		link := "/v1/contacts/" + h.Contact.String()
		if h.Message != "" {
			link = "/v1/messages/" + h.Message
		}
		events = append(events, contact.Event{
			Number: h.Number, At: h.At, Kind: h.Kind, Contact: h.Contact, Class: h.Class, Type: h.Type, Title: cmp.Or(h.TypeText, h.Class+"/"+h.Type),
			Text: start(h.Text, length), Link: link, Channel: h.Channel, Outcome: h.Outcome, Reason: h.Reason, By: h.By,
			Icon: said["icon"], Colour: said["colour"],
		})
	}
	return events, nil
}

// start is the beginning of a text, in one line.
func start(text string, length int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= length {
		return string(runes)
	}
	return string(runes[:length-1]) + "…"
}

// number reads a parameter that was checked when it was configured.
func number(p plugin.Parameters, name string) int {
	n, err := strconv.Atoi(p[name])
	if err != nil {
		return 0
	}
	return n
}

// listOf are the words of a parameter that commas separate.
func listOf(text string) []string {
	var words []string
	for w := range strings.SplitSeq(text, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// takes reports whether a filter takes a word; an empty filter takes all.
func takes(filter []string, word string) bool {
	return len(filter) == 0 || slices.Contains(filter, word)
}
