package intake

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"virgo/schedule/number"
)

// A Value is the value of a number metric, exact for whole numbers of 64 bits and for every float64.
// A whole number of at most 2^53 is never stored as a float64, so that equal numbers up to there are equal
// Values. The zero value is the number 0.
type Value struct {
	// bits are those of an int64, of a uint64 above math.MaxInt64, or of a float64.
	bits uint64
	kind valueKind
}

type valueKind uint8

const (
	intValue valueKind = iota
	uintValue
	floatValue
)

// maxExact is the number up to which a float64 has every whole number.
const maxExact = 1 << 53

// IntValue returns the value of a whole number.
func IntValue(n int64) Value { return Value{uint64(n), intValue} }

// UintValue returns the value of a whole number.
func UintValue(n uint64) Value {
	if n > math.MaxInt64 {
		return Value{n, uintValue}
	}
	return Value{n, intValue}
}

// FloatValue returns the value of a finite number.
func FloatValue(f float64) Value {
	if f == math.Trunc(f) && math.Abs(f) <= maxExact {
		return IntValue(int64(f))
	}
	return Value{math.Float64bits(f), floatValue}
}

// ParseValue returns the value of a metric of that type (PROTOCOL.md) that is a number or a bool, which
// is 0 or 1. It is not ok for a text.
func ParseValue(typ, text string) (v Value, ok bool) {
	if typ == "string" {
		return Value{}, false
	}
	normal, ok := number.Value(typ, text)
	if !ok {
		return Value{}, false
	}
	return valueOf(normal)
}

// Number returns the metric's value; it is not ok for a text.
func (m *Metric) Number() (v Value, ok bool) {
	if m.Type == "string" {
		return Value{}, false
	}
	return valueOf(m.Value)
}

// valueOf returns the value of a normal text.
func valueOf(normal string) (v Value, ok bool) {
	switch {
	case normal == "true":
		return IntValue(1), true
	case normal == "false":
		return IntValue(0), true
	case !strings.ContainsAny(normal, ".eE"):
		if n, err := strconv.ParseInt(normal, 10, 64); err == nil {
			return IntValue(n), true
		}
		if n, err := strconv.ParseUint(normal, 10, 64); err == nil {
			return UintValue(n), true
		}
	}
	f, err := strconv.ParseFloat(normal, 64)
	return FloatValue(f), err == nil
}

// Int returns the value if it is a whole number that fits.
func (v Value) Int() (n int64, ok bool) { return int64(v.bits), v.kind == intValue }

// Uint returns the value if it is a whole number above math.MaxInt64.
func (v Value) Uint() (n uint64, ok bool) { return v.bits, v.kind == uintValue }

// Float returns the nearest float64.
func (v Value) Float() float64 {
	switch v.kind {
	case intValue:
		return float64(int64(v.bits))
	case uintValue:
		return float64(v.bits)
	}
	return math.Float64frombits(v.bits)
}

// Compare returns -1, 0 or 1 as v is less than, equal to or greater than w.
func (v Value) Compare(w Value) int {
	if v.kind == w.kind && v.kind != floatValue {
		if v.kind == uintValue {
			return cmp.Compare(v.bits, w.bits)
		}
		return cmp.Compare(int64(v.bits), int64(w.bits))
	}
	if c := cmp.Compare(v.Float(), w.Float()); c != 0 {
		return c
	}
	return cmp.Compare(v.kind, w.kind)
}

// String returns the value as a number in JSON.
func (v Value) String() string {
	switch v.kind {
	case intValue:
		return strconv.FormatInt(int64(v.bits), 10)
	case uintValue:
		return strconv.FormatUint(v.bits, 10)
	}
	f := math.Float64frombits(v.bits)
	format := byte('f')
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		format = 'e'
	}
	return strconv.FormatFloat(f, format, -1, 64)
}

// MarshalJSON returns String.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(v.String()), nil }
