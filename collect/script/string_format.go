package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A directive is one of string.format: its flags, width and precision.
type directive struct {
	minus, plus, space, alternate, zero bool

	width     int
	precision int // -1: none
	verb      byte
}

// format is string.format. The format of the Lua library is that of Go, which shows what a value is
// made of.
func format(c *Call, l *lua.LState) int {
	text := l.CheckString(1)
	var b strings.Builder
	arg := 1
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		d, n, ok := parseDirective(text[i+1:])
		if !ok {
			return c.Raise(l, "invalid option '%.20s' to format", text[i:])
		}
		i += n
		arg++
		if arg > l.GetTop() {
			return c.Raise(l, "bad argument #%d to format (no value)", arg)
		}
		b.WriteString(d.format(c, l, arg))
		c.fits(l, b.Len())
	}
	return c.Push(l, b.String())
}

// parseDirective parses what follows %. n is its length.
func parseDirective(s string) (d directive, n int, ok bool) {
	d.precision = -1
	for ; n < len(s); n++ {
		flag := map[byte]*bool{'-': &d.minus, '+': &d.plus, ' ': &d.space, '#': &d.alternate, '0': &d.zero}[s[n]]
		if flag == nil {
			break
		}
		*flag = true
	}
	number := func() int {
		digits := 0
		for n+digits < len(s) && digits < 2 && digit(s[n+digits]) {
			digits++
		}
		v, _ := strconv.Atoi(s[n : n+digits])
		n += digits
		return v
	}
	d.width = number()
	if n < len(s) && s[n] == '.' {
		n++
		d.precision = number()
	}
	if n >= len(s) || !strings.Contains("cdiouxXeEfgGqs", s[n:n+1]) {
		return d, 0, false
	}
	d.verb = s[n]
	return d, n + 1, true
}

func (d directive) format(c *Call, l *lua.LState, arg int) string {
	switch d.verb {
	case 'c':
		return d.pad(string([]byte{byte(integer(float64(l.CheckNumber(arg))))}), "")
	case 'd', 'i':
		return d.integer(strconv.FormatInt(int64(integer64(float64(l.CheckNumber(arg)))), 10), "")
	case 'u':
		return d.integer(strconv.FormatUint(integer64(float64(l.CheckNumber(arg))), 10), "")
	case 'o', 'x', 'X':
		return d.hexadecimal(integer64(float64(l.CheckNumber(arg))))
	case 'q':
		return quote(l.CheckString(arg))
	case 's':
		text := l.ToStringMeta(l.Get(arg))
		s, ok := text.(lua.LString)
		if !ok {
			c.Raise(l, "'tostring' must return a string to format")
		}
		if d.precision >= 0 {
			s = s[:min(len(s), d.precision)]
		}
		d.zero = false
		return d.pad(string(s), "")
	}
	return d.float(float64(l.CheckNumber(arg)))
}

// integer64 converts a number as C does on most systems: negative ones are two's complements.
func integer64(f float64) uint64 {
	switch {
	case math.IsNaN(f):
		return 1 << 63
	case f >= 1<<63 && f < 1<<64:
		return uint64(f)
	case f >= 1<<63 || f < -(1<<63):
		return 1 << 63
	}
	return uint64(int64(f))
}

func (d directive) integer(digits, prefix string) string {
	sign := prefix
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		digits, sign = rest, "-"
	} else if d.verb == 'd' || d.verb == 'i' {
		sign = d.sign()
	}
	if d.precision >= 0 {
		d.zero = false
		if d.precision == 0 && digits == "0" {
			digits = ""
		}
		digits = strings.Repeat("0", max(d.precision-len(digits), 0)) + digits
	}
	return d.pad(digits, sign)
}

func (d directive) hexadecimal(n uint64) string {
	base, prefix := 16, "0x"
	if d.verb == 'o' {
		base, prefix = 8, ""
	}
	digits := strconv.FormatUint(n, base)
	if !d.alternate || n == 0 {
		prefix = ""
	}
	if d.alternate && d.verb == 'o' && n != 0 {
		d.precision = max(d.precision, len(digits)+1)
	}
	text := d.integer(digits, prefix)
	if d.verb == 'X' {
		text = strings.ToUpper(text)
	}
	return text
}

func (d directive) sign() string {
	switch {
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

func (d directive) float(f float64) string {
	sign := d.sign()
	if math.Signbit(f) {
		sign, f = "-", -f
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		d.zero = false
		text := strings.TrimPrefix(formatNumber(f), "-")
		if d.verb == 'E' || d.verb == 'G' {
			text = strings.ToUpper(text)
		}
		return d.pad(text, sign)
	}
	if d.precision < 0 {
		d.precision = 6
	}
	verb := "%.*" + string(d.verb)
	if d.alternate {
		verb = "%#.*" + string(d.verb)
	}
	if d.precision == 0 && (d.verb == 'g' || d.verb == 'G') {
		d.precision = 1
	}
	return d.pad(fmt.Sprintf(verb, d.precision, f), sign)
}

// pad fills a text up to the width; zeros go between the sign and the digits.
func (d directive) pad(text, sign string) string {
	missing := max(d.width-len(text)-len(sign), 0)
	switch {
	case d.minus:
		return sign + text + strings.Repeat(" ", missing)
	case d.zero:
		return sign + strings.Repeat("0", missing) + text
	}
	return strings.Repeat(" ", missing) + sign + text
}

// quote writes a text as Lua reads it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}
