package history

import (
	"encoding/binary"
	"math"
	"math/bits"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// The forms of a column of numbers; see the package comment.
const (
	formConstant byte = iota
	formSigned
	formUnsigned
	formDecimal
	formFloat
	formMixed
)

// maxDecimals is the greatest number of decimals of formDecimal. 10^22 is the last power of ten that a
// float64 has exactly, and a whole number below maxMantissa divided by it is rounded as strconv does it.
const (
	maxDecimals = 15
	maxMantissa = 1 << 53
)

// A columnEncoder encodes columns of numbers. It may be used again, not concurrently.
type columnEncoder struct{ numbers, residuals, best []uint64 }

// append appends an encoding of values, of which there is at least one, to b. Their number is not part of it.
func (e *columnEncoder) append(b []byte, values []intake.Value) []byte {
	if constant(values) {
		return appendValue(append(b, formConstant), values[0])
	}
	if form, ok := e.whole(values); ok {
		return e.appendNumbers(append(b, form))
	}
	if decimals, ok := e.decimal(values); ok {
		return e.appendNumbers(append(b, formDecimal, byte(decimals)))
	}
	if floats(values) {
		return appendFloats(append(b, formFloat), values)
	}
	b = append(b, formMixed)
	for _, v := range values {
		b = appendValue(b, v)
	}
	return b
}

func constant(values []intake.Value) bool {
	for _, v := range values[1:] {
		if v != values[0] {
			return false
		}
	}
	return true
}

// whole fills e.numbers if all values are whole numbers of one kind.
func (e *columnEncoder) whole(values []intake.Value) (form byte, ok bool) {
	form, e.numbers = formSigned, e.numbers[:0]
	negative := false
	for _, v := range values {
		n, ok := v.Int()
		if !ok {
			u, ok := v.Uint()
			if !ok {
				return 0, false
			}
			form, e.numbers = formUnsigned, append(e.numbers, u)
			continue
		}
		negative = negative || n < 0
		e.numbers = append(e.numbers, uint64(n))
	}
	return form, form == formSigned || !negative
}

// decimal fills e.numbers with the values times a power of ten, if all of them can be restored from that.
func (e *columnEncoder) decimal(values []intake.Value) (decimals int, ok bool) {
	for _, v := range values {
		f := v.Float()
		if _, big := v.Uint(); big {
			return 0, false
		}
		for !isDecimal(f, decimals) || v != intake.FloatValue(f) {
			if decimals++; decimals > maxDecimals {
				return 0, false
			}
		}
	}
	e.numbers = e.numbers[:0]
	for _, v := range values {
		f := v.Float()
		if !isDecimal(f, decimals) { // a large value of few decimals beside a small one of many
			return 0, false
		}
		e.numbers = append(e.numbers, uint64(int64(math.Round(f*pow10(decimals)))))
	}
	return decimals, true
}

// isDecimal reports whether f is exactly a whole number divided by a power of ten.
func isDecimal(f float64, decimals int) bool {
	m := math.Round(f * pow10(decimals))
	return math.Abs(m) < maxMantissa && m/pow10(decimals) == f
}

func pow10(n int) float64 {
	return [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}[n]
}

// floats reports whether all values are what intake.FloatValue makes of them.
func floats(values []intake.Value) bool {
	for _, v := range values {
		if v != intake.FloatValue(v.Float()) {
			return false
		}
	}
	return true
}

// appendNumbers appends e.numbers: divisor, order, first number, residuals. Of the values themselves (less the
// first), the differences and the differences of those it takes what is shortest. All arithmetic is modulo 2^64,
// so that nothing overflows.
func (e *columnEncoder) appendNumbers(b []byte) []byte {
	first, divisor := e.numbers[0], uint64(0)
	for _, n := range e.numbers[1:] {
		divisor = gcd(magnitude(n-first), divisor)
	}
	if divisor == 0 {
		divisor = 1
	}
	b = binary.AppendUvarint(b, divisor)
	e.residuals = e.residuals[:0]
	for _, n := range e.numbers {
		e.residuals = append(e.residuals, uint64(int64(n-first)/int64(divisor)))
	}
	e.best = append(e.best[:0], e.residuals...)
	order, shortest := 0, size(e.best)
	for o := 1; o <= 2; o++ {
		for i := len(e.residuals) - 1; i >= o; i-- {
			e.residuals[i] -= e.residuals[i-1]
		}
		if n := size(e.residuals); n < shortest {
			order, shortest = o, n
			e.best = append(e.best[:0], e.residuals...)
		}
	}
	b = append(b, byte(order))
	b = binary.AppendUvarint(b, zigzag(first))
	for _, r := range e.best[1:] {
		b = binary.AppendUvarint(b, zigzag(r))
	}
	return b
}

func size(residuals []uint64) (n int) {
	for _, r := range residuals {
		n += (bits.Len64(zigzag(r)|1) + 6) / 7
	}
	return n
}

func zigzag(n uint64) uint64   { return n<<1 ^ uint64(int64(n)>>63) }
func unzigzag(n uint64) uint64 { return n>>1 ^ -(n & 1) }

// magnitude returns the absolute value of a difference. That of math.MinInt64 is no int64, and counts as 1, which
// divides everything.
func magnitude(n uint64) uint64 {
	if int64(n) < 0 {
		n = -n
	}
	if n > math.MaxInt64 {
		return 1
	}
	return n
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// appendFloats appends the bits of each value XOR those of the value before, transposed by bytes.
func appendFloats(b []byte, values []intake.Value) []byte {
	for shift := 0; shift < 64; shift += 8 {
		before := uint64(0)
		for _, v := range values {
			now := math.Float64bits(v.Float())
			b = append(b, byte((now^before)>>shift))
			before = now
		}
	}
	return b
}

// The kinds of a single value.
const (
	singleInt byte = iota
	singleUint
	singleFloat
)

// appendValue appends a value as it is.
func appendValue(b []byte, v intake.Value) []byte {
	if n, ok := v.Int(); ok {
		return binary.AppendUvarint(append(b, singleInt), zigzag(uint64(n)))
	}
	if n, ok := v.Uint(); ok {
		return binary.AppendUvarint(append(b, singleUint), n)
	}
	return binary.LittleEndian.AppendUint64(append(b, singleFloat), math.Float64bits(v.Float()))
}
