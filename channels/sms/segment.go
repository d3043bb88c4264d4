package sms

import (
	"strings"

	"carillon/core/message"
)

// Encoding is the alphabet a text travels in.
type Encoding string

// The encodings (3GPP TS 23.038).
const (
	GSM7 Encoding = "gsm7"
	UCS2 Encoding = "ucs2"
)

// What one part holds: septets of GSM-7, 16-bit units of UCS-2. The parts of a longer text spend 6 octets each on
// the header that joins them (3GPP TS 23.040, 9.2.3.24.1).
const (
	gsm7Alone  = 160
	gsm7Joined = 153
	ucs2Alone  = 70
	ucs2Joined = 67
)

// The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1), as Unicode maps them.
// The escape is left out of the first: it is no character. A character of the extension costs an escape as well.
const (
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extension = "\f^{}\\[~]|€"
)

// Segment says which alphabet a text needs and which parts it is sent in. There is at least one part; put together
// they are the text; neither an escape pair nor a surrogate pair is split. Carriers that prefer to split between words
// may need a part more.
func Segment(text string) (Encoding, []string) {
	encoding, cost, alone, joined := GSM7, septets, gsm7Alone, gsm7Joined
	if !isGSM7(text) {
		encoding, cost, alone, joined = UCS2, units, ucs2Alone, ucs2Joined
	}
	if total(text, cost) <= alone {
		return encoding, []string{text}
	}
	var parts []string
	start, used := 0, 0
	for i, r := range text {
		if used+cost(r) > joined {
			parts = append(parts, text[start:i])
			start, used = i, 0
		}
		used += cost(r)
	}
	return encoding, append(parts, text[start:])
}

// Parts is how many parts a filled text is billed as.
func (Channel) Parts(c message.Content) int {
	_, parts := Segment(c.Parts[part])
	return len(parts)
}

func isGSM7(text string) bool {
	for _, r := range text {
		if septets(r) == 0 {
			return false
		}
	}
	return true
}

func total(text string, cost func(rune) int) int {
	sum := 0
	for _, r := range text {
		sum += cost(r)
	}
	return sum
}

// septets is what a character costs in GSM-7; 0 when the alphabet does not have it.
func septets(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= ' ' && r <= 'Z': // the alphabets agree with ASCII here
		return 1
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extension, r):
		return 2
	}
	return 0
}

// units is what a character costs in UCS-2: two for those beyond the basic plane, which travel as surrogate pairs.
func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
