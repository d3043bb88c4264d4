package liquid

import (
	"math/big"
	"strconv"
	"strings"
)

// The library compares numbers by their Go kind, and so knows no number that keeps its text. A decimal number of the
// data is therefore a float that knows how many places it is written with: up to fifteen digits and six places
// it prints as it was written. Longer numbers, and those with an exponent, are texts: they print as written and
// compare with nothing but texts.
type (
	decimal1 float64
	decimal2 float64
	decimal3 float64
	decimal4 float64
	decimal5 float64
	decimal6 float64
)

const (
	maxExact  = 15 // digits a float holds exactly
	maxPlaces = 6
	maxWhole  = 18 // digits an int holds
	maxNumber = 40 // characters of a number in arithmetic
)

// String is the number as written.
func (d decimal1) String() string { return fixed(float64(d), 1) }

// String is the number as written.
func (d decimal2) String() string { return fixed(float64(d), 2) }

// String is the number as written.
func (d decimal3) String() string { return fixed(float64(d), 3) }

// String is the number as written.
func (d decimal4) String() string { return fixed(float64(d), 4) }

// String is the number as written.
func (d decimal5) String() string { return fixed(float64(d), 5) }

// String is the number as written.
func (d decimal6) String() string { return fixed(float64(d), 6) }

func (decimal1) places() int { return 1 }
func (decimal2) places() int { return 2 }
func (decimal3) places() int { return 3 }
func (decimal4) places() int { return 4 }
func (decimal5) places() int { return 5 }
func (decimal6) places() int { return 6 }

func fixed(f float64, places int) string { return strconv.FormatFloat(f, 'f', places, 64) }

// numberOf is the value of a number as JSON writes it.
func numberOf(text string) any {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	switch {
	case !isDigits(whole) || point && !isDigits(fraction) || text == "-0":
		return text
	case !point && len(whole) <= maxWhole:
		n, err := strconv.Atoi(text)
		if err != nil {
			return text
		}
		return n
	case !point || len(whole)+len(fraction) > maxExact || len(fraction) > maxPlaces:
		return text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return [...]any{decimal1(f), decimal2(f), decimal3(f), decimal4(f), decimal5(f), decimal6(f)}[len(fraction)-1]
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// amount is an exact decimal number: n / 10^scale.
type amount struct {
	n     *big.Int
	scale int
}

// amountOf reads a number from a value, ok when it is one.
func amountOf(v any) (a amount, ok bool) {
	if _, flag := v.(bool); flag {
		return amount{}, false
	}
	text, ok := textOf(v)
	if _, float := v.(float64); float && !strings.Contains(text, ".") {
		text += ".0" // a form's 2.0 is no whole number
	}
	whole, fraction, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !ok || len(text) > maxNumber || !isDigits(whole) || point && !isDigits(fraction) {
		return amount{}, false
	}
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if strings.HasPrefix(text, "-") {
		n.Neg(n)
	}
	return amount{n: n, scale: len(fraction)}, ok
}

// at is the number written with more places.
func (a amount) at(scale int) *big.Int {
	return new(big.Int).Mul(a.n, tens(scale-a.scale))
}

func tens(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// value is the number as the library takes it; ok is false when it is too long.
func (a amount) value() (v any, ok bool) {
	text := new(big.Int).Abs(a.n).String()
	if a.scale > 0 {
		if pad := a.scale + 1 - len(text); pad > 0 {
			text = strings.Repeat("0", pad) + text
		}
		text = text[:len(text)-a.scale] + "." + text[len(text)-a.scale:]
	}
	if a.n.Sign() < 0 {
		text = "-" + text
	}
	return numberOf(text), len(text) <= maxNumber
}

// rounding says which way a number goes that lies between two.
type rounding int

const (
	down    rounding = iota - 1 // to the lower one
	nearest                     // half away from zero
	up                          // to the higher one
)

// round is the number with the given places, more or fewer.
func (a amount) round(places int, way rounding) amount {
	if places >= a.scale {
		return amount{n: a.at(places), scale: places}
	}
	return quotient(a.n, tens(a.scale-places), places, way)
}

// quotient is n / d as a number of the scale.
func quotient(n, d *big.Int, scale int, way rounding) amount {
	q, rest := new(big.Int).DivMod(n, new(big.Int).Abs(d), new(big.Int)) // Euclidean: rest is never negative
	rounds := way == up && rest.Sign() > 0
	if way == nearest {
		half := new(big.Int).Lsh(rest, 1).CmpAbs(d)
		rounds = half > 0 || half == 0 && n.Sign() >= 0
	}
	if rounds {
		q.Add(q, big.NewInt(1))
	}
	return amount{n: q, scale: scale}
}
