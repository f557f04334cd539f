package script

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// mathModule is math. Its random numbers are those of one state: the Lua library's are those of the
// process, which a script could set for all others.
func mathModule() Module {
	one := func(name, doc string, f func(float64) float64) Function {
		call := func(_ *Call, l *lua.LState) int {
			l.Push(lua.LNumber(f(float64(l.CheckNumber(1)))))
			return 1
		}
		return Function{
			Name: name, Signature: "math." + name + "(x) -> number", Doc: doc, MinArgs: 1, MaxArgs: 1, Call: call,
		}
	}
	two := func(name, doc string, f func(x, y float64) float64) Function {
		call := func(_ *Call, l *lua.LState) int {
			l.Push(lua.LNumber(f(float64(l.CheckNumber(1)), float64(l.CheckNumber(2)))))
			return 1
		}
		return Function{
			Name: name, Signature: "math." + name + "(x, y) -> number", Doc: doc, MinArgs: 2, MaxArgs: 2, Call: call,
		}
	}
	return Module{Name: "math", Doc: "Mathematics, as in Lua 5.1.", Pure: true, Functions: []Function{
		one("abs", "Returns the absolute value.", math.Abs),
		one("acos", "Returns the arc cosine.", math.Acos),
		one("asin", "Returns the arc sine.", math.Asin),
		one("atan", "Returns the arc tangent.", math.Atan),
		two("atan2", "Returns the arc tangent of x/y, by the signs of both.", math.Atan2),
		one("ceil", "Rounds up.", math.Ceil),
		one("cos", "Returns the cosine.", math.Cos),
		one("cosh", "Returns the hyperbolic cosine.", math.Cosh),
		one("deg", "Returns an angle in degrees.", func(x float64) float64 { return x * 180 / math.Pi }),
		one("exp", "Returns e to the power of x.", math.Exp),
		one("floor", "Rounds down.", math.Floor),
		two("fmod", "Returns the remainder of x/y, with the sign of x.", math.Mod),
		{Name: "frexp", Signature: "math.frexp(x) -> m, e",
			Doc: "Returns m and e with x = m*2^e.", MinArgs: 1, MaxArgs: 1, Call: func(_ *Call, l *lua.LState) int {
				m, e := math.Frexp(float64(l.CheckNumber(1)))
				return pushAll(l, lua.LNumber(m), lua.LNumber(e))
			}},
		two("ldexp", "Returns x*2^y.", func(x, y float64) float64 {
			return math.Ldexp(x, integer(min(max(y, -5000), 5000)))
		}),
		one("log", "Returns the natural logarithm.", math.Log),
		one("log10", "Returns the logarithm to the base 10.", math.Log10),
		{Name: "max", Signature: "math.max(x, ...) -> number",
			Doc:     "Returns the greatest.",
			MinArgs: 1, MaxArgs: -1, Call: extreme(func(a, b lua.LNumber) bool { return a > b })},
		{Name: "min", Signature: "math.min(x, ...) -> number",
			Doc:     "Returns the least.",
			MinArgs: 1, MaxArgs: -1, Call: extreme(func(a, b lua.LNumber) bool { return a < b })},
		{Name: "modf", Signature: "math.modf(x) -> whole, fraction",
			Doc: "Splits a number.", MinArgs: 1, MaxArgs: 1, Call: func(_ *Call, l *lua.LState) int {
				whole, fraction := math.Modf(float64(l.CheckNumber(1)))
				return pushAll(l, lua.LNumber(whole), lua.LNumber(fraction))
			}},
		two("pow", "Returns x to the power of y.", math.Pow),
		one("rad", "Returns an angle in radians.", func(x float64) float64 { return x * math.Pi / 180 }),
		{Name: "random", Signature: "math.random([m [, n]]) -> number",
			Doc:     "Returns a random number from 0 to 1, or a whole one from 1 to m, or from m to n.",
			MaxArgs: 2, Call: random},
		{Name: "randomseed", Signature: "math.randomseed(x)",
			Doc: "Makes the random numbers of this run repeatable.", MinArgs: 1, MaxArgs: 1, Call: randomSeed},
		one("sin", "Returns the sine.", math.Sin),
		one("sinh", "Returns the hyperbolic sine.", math.Sinh),
		one("sqrt", "Returns the square root.", math.Sqrt),
		one("tan", "Returns the tangent.", math.Tan),
		one("tanh", "Returns the hyperbolic tangent.", math.Tanh),
	}, Constants: []Constant{
		{Name: "huge", Doc: "More than any number.", Value: lua.LNumber(math.Inf(1))},
		{Name: "pi", Doc: "3.14159…", Value: lua.LNumber(math.Pi)},
	}}
}

func extreme(better func(a, b lua.LNumber) bool) func(*Call, *lua.LState) int {
	return func(_ *Call, l *lua.LState) int {
		best := l.CheckNumber(1)
		for i := 2; i <= l.GetTop(); i++ {
			if n := l.CheckNumber(i); better(n, best) {
				best = n
			}
		}
		l.Push(best)
		return 1
	}
}

func random(c *Call, l *lua.LState) int {
	r := c.machine.random
	if l.GetTop() == 0 {
		l.Push(lua.LNumber(r.Float64()))
		return 1
	}
	low, high := 1, integer(float64(l.CheckNumber(l.GetTop())))
	if l.GetTop() == 2 {
		low = integer(float64(l.CheckNumber(1)))
	}
	if low > high {
		return c.Raise(l, "bad argument to random (interval is empty)")
	}
	l.Push(lua.LNumber(low + r.IntN(high-low+1)))
	return 1
}

func randomSeed(c *Call, l *lua.LState) int {
	c.machine.random = rand.New(rand.NewPCG(math.Float64bits(float64(l.CheckNumber(1))), 0))
	return 0
}
