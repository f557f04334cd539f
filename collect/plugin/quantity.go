package plugin

import (
	"math"
	"strconv"
	"strings"

	"virgo/collect"
)

// maxUnitBytes is the longest unit that is passed on as printed.
const maxUnitBytes = 16

// A quantity is a number with a unit of measurement (UOM) of Nagios, in base units.
type quantity struct {
	value   string  // in base units, in the protocol's form
	number  float64 // as printed, not scaled
	unit    string  // "seconds", "bytes", "percent", or as printed
	counter bool
}

// parseQuantity parses a number with a unit: "12", "0.35ms", "1,5s", "17MB". It is not ok where it
// overflows a float64.
func parseQuantity(s string) (q quantity, ok bool) {
	digits, uom := cutNumber(s)
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return quantity{}, false
	}
	q.number = f
	// Scaling the exponent of the text makes 0.35 ms the float64 nearest to 0.00035.
	shift := 0
	switch uom {
	case "":
	case "s":
		q.unit = "seconds"
	case "ms":
		q.unit, shift = "seconds", -3
	case "us", "µs", "μs":
		q.unit, shift = "seconds", -6
	case "ns":
		q.unit, shift = "seconds", -9
	case "%":
		q.unit = "percent"
	case "c":
		q.counter = true
	default:
		factor, bytes := byteFactor(uom)
		switch {
		case bytes:
			f, q.unit = f*factor, "bytes"
			if factor > 1 {
				digits = ""
			}
		case len(uom) <= maxUnitBytes && !strings.ContainsAny(uom, "0123456789.,:=|'\""+blanks):
			q.unit = uom
		default:
			return quantity{}, false
		}
	}
	if shift != 0 {
		digits, f = "", scaleByPowerOf10(digits, shift)
	}
	if math.IsInf(f, 0) {
		return quantity{}, false
	}
	q.value = formatNumber(digits, f)
	return q, true
}

// scaleByPowerOf10 returns the number in s times ten to the power of by.
func scaleByPowerOf10(s string, by int) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil && exponent != "" { // so large an exponent makes zero or infinity of any mantissa
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	f, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+by), 64)
	return f
}

// byteFactor returns the number of bytes in a unit. KB is 1024 bytes, as Debian's plugins count.
func byteFactor(uom string) (factor float64, ok bool) {
	u := strings.ToLower(uom)
	u, ok = strings.CutSuffix(u, "b")
	if !ok {
		return 0, false
	}
	switch u = strings.TrimSuffix(u, "i"); u {
	case "":
		return 1, uom == "B" // b is bits
	case "k":
		return 1 << 10, true
	case "m":
		return 1 << 20, true
	case "g":
		return 1 << 30, true
	case "t":
		return 1 << 40, true
	case "p":
		return 1 << 50, true
	case "e":
		return 1 << 60, true
	}
	return 0, false
}

// cutNumber returns the longest decimal number that s begins with, a decimal comma replaced by a
// point, and the rest. The number is empty where there is none.
func cutNumber(s string) (number, rest string) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	whole := countDigits(s, i)
	i += whole
	comma := -1
	if i < len(s) && (s[i] == '.' || s[i] == ',' && whole > 0 && countDigits(s, i+1) > 0) {
		if s[i] == ',' {
			comma = i
		}
		part := countDigits(s, i+1)
		if whole += part; whole > 0 {
			i += 1 + part
		}
	}
	if whole == 0 {
		return "", s
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		e := i + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if n := countDigits(s, e); n > 0 {
			i = e + n
		}
	}
	number = s[:i]
	if comma >= 0 {
		number = s[:comma] + "." + s[comma+1:i]
	}
	return number, s[i:]
}

// countDigits returns the number of digits in s from i on.
func countDigits(s string, i int) int {
	n := 0
	for i+n < len(s) && '0' <= s[i+n] && s[i+n] <= '9' {
		n++
	}
	return n
}

// formatNumber returns f in the protocol's form. printed is the text that f was parsed from, if
// any: a plain integer is passed on unchanged, since a counter may have more digits than a float64.
func formatNumber(printed string, f float64) string {
	const longest = 20
	digits := strings.TrimPrefix(printed, "-")
	isInteger := digits != "" && len(digits) <= longest && countDigits(digits, 0) == len(digits)
	if isInteger && (digits[0] != '0' || printed == "0") {
		return printed
	}
	if f == 0 {
		f = 0 // removes the sign of -0
	}
	const smallest, largest = 1e-12, 1e21 // beyond these an exponent is shorter
	if a := math.Abs(f); a == 0 || smallest <= a && a < largest {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// numberType returns the type of a number that is printed without one. It does not depend on the
// value: a metric that is 5 now and 5.5 later keeps its type.
func numberType(counter bool) collect.MetricType {
	if counter {
		return collect.Gauge
	}
	return collect.Double
}
