package plugin

import (
	"math"
	"strconv"
	"strings"

	"virgo/collect"
)

// maxUnitBytes bounds a unit that is none of those that are scaled.
const maxUnitBytes = 16

// A quantity is a number with a unit of measurement of Nagios's (UOM), in base units.
type quantity struct {
	value   string  // as the protocol has it
	number  float64 // as it was printed
	unit    string  // "seconds", "bytes", "percent", or as it was printed
	counter bool
}

// quantityOf reads a value with its unit: "12", "0.35ms", "1,5s", "17MB". Not ok where it is none or too large.
func quantityOf(s string) (q quantity, ok bool) {
	digits, uom := splitNumber(s)
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return quantity{}, false
	}
	q.number = f
	// The exponent is shifted in the text, so that 0.35 ms is the number next to 0.00035.
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
		digits, f = "", shifted(digits, shift)
	}
	if math.IsInf(f, 0) {
		return quantity{}, false
	}
	q.value = figure(digits, f)
	return q, true
}

// shifted is the number in s times ten to the power of by.
func shifted(s string, by int) float64 {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil && exponent != "" { // an exponent that long makes zero or infinity of any mantissa
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	f, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+by), 64)
	return f
}

// byteFactor is how many bytes a unit has. Like Debian's plugins and whoever wrote before there was KiB,
// KB counts 1024.
func byteFactor(uom string) (factor float64, ok bool) {
	u := strings.ToLower(uom)
	u, ok = strings.CutSuffix(u, "b")
	if !ok {
		return 0, false
	}
	switch u = strings.TrimSuffix(u, "i"); u {
	case "":
		return 1, uom == "B" // b are bits
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

// splitNumber is the longest decimal number that s begins with, its decimal comma made a point, and the
// rest. The number is empty where there is none.
func splitNumber(s string) (number, rest string) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	whole := digitsAt(s, i)
	i += whole
	comma := -1
	if i < len(s) && (s[i] == '.' || s[i] == ',' && whole > 0 && digitsAt(s, i+1) > 0) {
		if s[i] == ',' {
			comma = i
		}
		part := digitsAt(s, i+1)
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
		if n := digitsAt(s, e); n > 0 {
			i = e + n
		}
	}
	number = s[:i]
	if comma >= 0 {
		number = s[:comma] + "." + s[comma+1:i]
	}
	return number, s[i:]
}

// digitsAt counts the digits of s from i on.
func digitsAt(s string, i int) int {
	n := 0
	for i+n < len(s) && '0' <= s[i+n] && s[i+n] <= '9' {
		n++
	}
	return n
}

// figure is a number in the protocol's text form. printed is its text where it has one: a plain integer is
// taken over, since a counter may have more digits than a float64.
func figure(printed string, f float64) string {
	const longest = 20
	unsigned := strings.TrimPrefix(printed, "-")
	if n := len(unsigned); n > 0 && n <= longest && digitsAt(unsigned, 0) == n && (unsigned[0] != '0' || printed == "0") {
		return printed
	}
	if f == 0 {
		f = 0 // not "-0"
	}
	const smallest, largest = 1e-12, 1e21 // beyond them an exponent is shorter
	if a := math.Abs(f); a == 0 || smallest <= a && a < largest {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// figureType is the type of a figure that is printed without one. It does not depend on the value: a figure that
// is 5 now and 5.5 later stays one metric.
func figureType(counter bool) collect.MetricType {
	if counter {
		return collect.Gauge
	}
	return collect.Double
}
