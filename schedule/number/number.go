// Package number defines which texts are the value of a metric, and the one form in which each value
// is sent, stored and shown. Agent and endpoint use it, so that the one never refuses, or reads as
// another value, what the other takes. Numbers in a check's details are the same.
//
// A number is decimal: an optional sign, digits with at most one point among or around them, and, if
// the type is not an integer, an optional exponent. A whole number of at most 64 bits may also be
// written as 0x and hexadecimal digits. Infinities, NaN, hexadecimal fractions ("0x1p-3"), digits in
// groups ("1_000", "1,000") and blanks are no numbers: languages differ in what they read of them.
//
// The normal form is the grammar of numbers in JSON, without a plus sign and with an exponent only
// where the text has one. Digits are never dropped, since a counter has more of them than a float64.
package number

import (
	"math"
	"strconv"
	"strings"
)

// Value returns the normal form of the text of a metric of that type (PROTOCOL.md); a boolean
// becomes true or false. It is not ok, and the text unchanged, if the text is no value of the type or
// the type is unknown.
func Value(typ, text string) (normal string, ok bool) {
	switch typ {
	case "string":
		return text, true
	case "bool":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return text, false
		}
		return strconv.FormatBool(b), true
	case "int32":
		return integer(text, 32, true)
	case "int64":
		return integer(text, 64, true)
	case "uint32":
		return integer(text, 32, false)
	case "uint64":
		return integer(text, 64, false)
	case "gauge", "double":
		return decimal(text)
	}
	return text, false
}

// Parse returns the value of a number, which is finite.
func Parse(text string) (f float64, ok bool) {
	normal, ok := decimal(text)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(normal, 64)
	return f, err == nil
}

// maxFinite is a length up to which a number without an exponent is finite, as it is below 1e308.
const maxFinite = 300

// decimal returns the normal form of a finite number.
func decimal(text string) (normal string, ok bool) {
	normal, f, ok := normalize(text)
	if !ok {
		return text, false
	}
	if f.exponent || len(normal) > maxFinite {
		if _, err := strconv.ParseFloat(normal, 64); err != nil {
			return text, false
		}
	}
	return normal, true
}

// integer returns the normal form of an integer of that many bits.
func integer(text string, bits int, signed bool) (normal string, ok bool) {
	normal, f, ok := normalize(text)
	if !ok || f.point || f.exponent {
		return text, false
	}
	var err error
	if signed {
		_, err = strconv.ParseInt(normal, 10, bits)
	} else {
		_, err = strconv.ParseUint(normal, 10, bits)
	}
	if err != nil {
		return text, false
	}
	return normal, true
}

// form is what a number is written with.
type form struct{ point, exponent bool }

// normalize returns a number in its normal form, which is the text itself where it has that form.
func normalize(text string) (normal string, f form, ok bool) {
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		n, err := strconv.ParseUint(text[len("0x"):], 16, 64)
		return strconv.FormatUint(n, 10), form{}, err == nil
	}
	rest := text
	negative := strings.HasPrefix(rest, "-")
	if negative || strings.HasPrefix(rest, "+") {
		rest = rest[1:]
	}
	whole, rest := cutDigits(rest)
	var fraction, exponent string
	if f.point = strings.HasPrefix(rest, "."); f.point {
		fraction, rest = cutDigits(rest[1:])
	}
	if whole == "" && fraction == "" {
		return text, form{}, false
	}
	minus := ""
	if f.exponent = rest != "" && rest[0]|0x20 == 'e'; f.exponent {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			if rest[0] == '-' {
				minus = "-"
			}
			rest = rest[1:]
		}
		if exponent, rest = cutDigits(rest); exponent == "" {
			return text, form{}, false
		}
	}
	if rest != "" {
		return text, form{}, false
	}
	zero := strings.Trim(whole+fraction, "0") == ""
	isNormal := text[0] != '+' && whole != "" && (len(whole) == 1 || whole[0] != '0') &&
		f.point == (fraction != "") && !f.exponent && !(negative && zero)
	if isNormal {
		return text, f, true
	}
	var b strings.Builder
	if negative && !zero {
		b.WriteByte('-')
	}
	b.WriteString(trimZeros(whole))
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	if f.exponent {
		b.WriteString("e" + minus + trimZeros(exponent))
	}
	return b.String(), f, true
}

// cutDigits returns the decimal digits that s begins with, and the rest.
func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// trimZeros returns digits without leading zeros, at least one digit.
func trimZeros(digits string) string {
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0"
	}
	return digits
}

// Whole returns the value of a whole number, which may be written with a fraction of zeros or an
// exponent ("60.0", "6e1") if it is below 1<<53.
func Whole(text string) (n int64, ok bool) {
	if normal, ok := integer(text, 64, true); ok {
		n, err := strconv.ParseInt(normal, 10, 64)
		return n, err == nil
	}
	f, ok := Parse(text)
	if !ok || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}
