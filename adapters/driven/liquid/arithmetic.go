package liquid

import "math/big"

// places of a quotient that does not come out even.
const dividedPlaces = 6

// arithmetic is a filter on two numbers; f returns ok false when there is no result.
func arithmetic(f func(a, b amount) (amount, bool)) call {
	return func(_ *run, v any, args []any) (any, bool) {
		a, ok1 := amountOf(v)
		b, ok2 := amountOf(args[0])
		if !ok1 || !ok2 {
			return nil, false
		}
		c, ok := f(a, b)
		if !ok {
			return nil, false
		}
		return c.value()
	}
}

func plus(a, b amount) (amount, bool) {
	scale := max(a.scale, b.scale)
	return amount{n: new(big.Int).Add(a.at(scale), b.at(scale)), scale: scale}, true
}

func minus(a, b amount) (amount, bool) {
	return plus(a, amount{n: new(big.Int).Neg(b.n), scale: b.scale})
}

func times(a, b amount) (amount, bool) {
	return amount{n: new(big.Int).Mul(a.n, b.n), scale: a.scale + b.scale}, true
}

// dividedBy gives a whole number, rounded down, for whole numbers, as Liquid does; else a quotient of six places.
func dividedBy(a, b amount) (amount, bool) {
	if b.n.Sign() == 0 {
		return amount{}, false
	}
	places, way := dividedPlaces, nearest
	if a.scale == 0 && b.scale == 0 {
		places, way = 0, down
	}
	scale := max(a.scale, b.scale)
	n, d := a.at(scale), b.at(scale)
	if d.Sign() < 0 {
		n, d = n.Neg(n), d.Neg(d)
	}
	return quotient(n.Mul(n, tens(places)), d, places, way), true
}

// modulo has the sign of the divisor, as Liquid's.
func modulo(a, b amount) (amount, bool) {
	if b.n.Sign() == 0 {
		return amount{}, false
	}
	scale := max(a.scale, b.scale)
	n, d := a.at(scale), b.at(scale)
	rest := new(big.Int).Mod(n, d)
	if d.Sign() < 0 && rest.Sign() != 0 {
		rest.Add(rest, d)
	}
	return amount{n: rest, scale: scale}, true
}

// roundTo writes a number with the given places, none when it is not told: 3 with two places is 3.00.
func roundTo(way rounding) call {
	return func(_ *run, v any, args []any) (any, bool) {
		a, ok := amountOf(v)
		places, ok2 := intArg(args, 0, 0)
		if !ok || !ok2 || places < 0 || places > maxPlaces {
			return nil, false
		}
		return a.round(places, way).value()
	}
}

func abs(_ *run, v any, _ []any) (any, bool) {
	a, ok := amountOf(v)
	if !ok {
		return nil, false
	}
	return amount{n: new(big.Int).Abs(a.n), scale: a.scale}.value()
}
