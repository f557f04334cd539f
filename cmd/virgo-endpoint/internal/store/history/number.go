package history

import (
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

// parseNumber returns intake.ParseValue of a number, faster for those of few digits.
func parseNumber(typ string, text []byte) (v intake.Value, ok bool) {
	// digits of a whole number, or of a decimal that is exactly the quotient of two float64
	const most = 15
	rest, negative := text, false
	if len(rest) > 0 && rest[0] == '-' {
		negative, rest = true, rest[1:]
	}
	point, n := -1, int64(0)
	for i, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return intake.ParseValue(typ, string(text))
		}
		if i > most {
			return intake.ParseValue(typ, string(text))
		}
	}
	if len(rest) == 0 || len(rest) == 1 && point == 0 || typ == "bool" || typ == "string" {
		return intake.ParseValue(typ, string(text))
	}
	if negative {
		n = -n
	}
	if point < 0 {
		return intake.IntValue(n), true
	}
	return intake.FloatValue(float64(n) / pow10(len(rest)-point-1)), true
}

// periodOf returns a check's period in ms, as intake.Period does.
func periodOf(text []byte) int64 {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		n = 0
	}
	return intake.PeriodOfMS(n).Milliseconds()
}

// cutText returns a text as it is in a column.
func cutText(s string) string { return shorttext.Truncate(s, intake.MaxTextBytes) }
