package api

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/number"
)

func textModule() script.Module {
	return script.Module{
		Name: "text", Pure: true,
		Doc: "Takes apart what programs print. What gives a list gives at most 100,000 values, else nil and why.",
		Functions: []script.Function{
			{Name: "split", Signature: "text.split(text, separator) -> {text, ...}", MinArgs: 2, MaxArgs: 2,
				Doc: "The pieces between a separator, which is taken as it is and not as a pattern.",
				Call: func(c *script.Call, l *lua.LState) int {
					s, sep := textAt(c, l, 1), l.CheckString(2)
					if sep == "" {
						l.ArgError(2, "the separator is empty")
					}
					return pushTexts(c, l, strings.SplitN(s, sep, maxValues+1))
				}},
			{Name: "fields", Signature: "text.fields(text) -> {text, ...}", MinArgs: 1, MaxArgs: 1,
				Doc: "The pieces between blanks, tabs and line ends.",
				Call: func(c *script.Call, l *lua.LState) int {
					return pushTexts(c, l, take(strings.FieldsSeq(textAt(c, l, 1))))
				}},
			{Name: "trim", Signature: "text.trim(text) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "The text without blanks, tabs and line ends at both ends.",
				Call: func(_ *script.Call, l *lua.LState) int {
					l.Push(lua.LString(strings.TrimSpace(l.CheckString(1))))
					return 1
				}},
			{Name: "lines", Signature: "text.lines(text) -> {text, ...}", MinArgs: 1, MaxArgs: 1,
				Doc: "The lines without their ends (LF, or CR LF). An end after the last line begins no further one.",
				Call: func(c *script.Call, l *lua.LState) int {
					return pushTexts(c, l, linesOf(textAt(c, l, 1)))
				}},
			{Name: "table", Signature: "text.table(text) -> {row, ...}", MinArgs: 1, MaxArgs: 1,
				Doc: "The rows under a header line, as df and ps print them: each a table by the " +
					"words of the header. The last column has the rest of the line; a row that ends " +
					"early lacks the columns behind it, and each row counts as four values more than " +
					"it has.",
				Call: func(c *script.Call, l *lua.LState) int {
					rows, err := rowsUnderHeader(l, textAt(c, l, 1))
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(rows)
					return 1
				}},
			{Name: "number", Signature: "text.number(text) -> number, unit", MinArgs: 1, MaxArgs: 1,
				Doc: "The number at the beginning of a text, and what follows. K, M, G, T, P, E and " +
					"with i (Ki, MiB) are taken as powers of 1024, kB, MB, GB, TB, PB and EB as " +
					`powers of 1000: "1.5K" is 1536 and "", "20 %" is 20 and "%", "3 GiB" is ` +
					`3221225472 and "B". Nil and why if there is no number.`,
				Call: func(c *script.Call, l *lua.LState) int {
					n, unit, err := numberWithUnit(l.CheckString(1))
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(lua.LNumber(n))
					l.Push(lua.LString(unit))
					return 2
				}},
		},
	}
}

// take collects at most one value more than a list may have.
func take(seq func(func(string) bool)) []string {
	var list []string
	for s := range seq {
		if list = append(list, s); len(list) > maxValues {
			break
		}
	}
	return list
}

func pushTexts(c *script.Call, l *lua.LState, list []string) int {
	if len(list) > maxValues {
		return c.Fail(l, fmt.Errorf("more than %d pieces", maxValues))
	}
	values := make([]lua.LValue, len(list))
	for i, s := range list {
		values[i] = lua.LString(s)
	}
	l.Push(tableOf(l, values))
	return 1
}

func linesOf(s string) []string {
	return take(func(yield func(string) bool) {
		for line := range strings.Lines(s) {
			if !yield(withoutEnd(line)) {
				return
			}
		}
	})
}

func withoutEnd(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// rowsUnderHeader reads what has one line of column names above the lines with values.
func rowsUnderHeader(l *lua.LState, s string) (*lua.LTable, error) {
	var (
		names  []string
		rows   []lua.LValue
		values int
	)
	for line := range strings.Lines(s) {
		if names == nil {
			if names = take(strings.FieldsSeq(line)); len(names) > maxValues {
				return nil, errManyValues
			}
			continue
		}
		fields := fieldsThenRest(line, len(names))
		if len(fields) == 0 {
			continue
		}
		if values += len(fields) + byName; values > maxValues {
			return nil, errManyValues
		}
		row := l.CreateTable(0, len(fields))
		for i, f := range fields {
			row.RawSetString(names[i], lua.LString(f))
		}
		rows = append(rows, row)
	}
	return tableOf(l, rows), nil
}

// fieldsThenRest returns n fields at most, of which the last is the rest of the line.
func fieldsThenRest(line string, n int) []string {
	var fields []string
	rest := strings.TrimSpace(line)
	for rest != "" && len(fields) < n-1 {
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			break
		}
		fields = append(fields, rest[:end])
		rest = strings.TrimLeft(rest[end:], " \t")
	}
	if rest == "" {
		return fields
	}
	return append(fields, rest)
}

// numberWithUnit reads a number with the prefixes of sizes.
func numberWithUnit(s string) (float64, string, error) {
	s = strings.TrimSpace(s)
	end := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		end = 1
	}
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
		end++
	}
	if exponent := exponentAt(s[end:]); exponent > 0 {
		end += exponent
	}
	n, ok := number.Parse(s[:end])
	if !ok {
		return 0, "", fmt.Errorf("%.40q begins with no number", s)
	}
	unit := strings.TrimSpace(s[end:])
	factor, unit := sizePrefix(unit)
	return n * factor, unit, nil
}

// exponentAt returns the length of an exponent as in 1e9: the letter alone is the prefix of a unit.
func exponentAt(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	digits := strings.TrimLeft(s[1:], "+-")
	if signs := len(s) - 1 - len(digits); signs > 1 {
		return 0
	}
	rest := strings.TrimLeft(digits, "0123456789")
	if len(rest) == len(digits) {
		return 0
	}
	return len(s) - len(rest)
}

// sizePrefix takes the prefix off a unit.
func sizePrefix(unit string) (factor float64, rest string) {
	if unit == "" {
		return 1, ""
	}
	power := strings.IndexByte("KMGTPE", unit[0]&^0x20) + 1
	lower := unit[0] >= 'a'
	rest = unit[1:]
	switch {
	case power == 0, lower && unit[0] != 'k':
		return 1, unit
	case strings.HasPrefix(rest, "i"):
		return powerOf(1024, power), rest[1:]
	case rest == "":
		return powerOf(1024, power), ""
	case rest == "B" || strings.HasPrefix(rest, "B/") || rest == "bit" || rest == "bit/s":
		return powerOf(1000, power), rest
	}
	return 1, unit
}

func powerOf(base float64, n int) float64 {
	f := 1.0
	for range n {
		f *= base
	}
	return f
}

// formatNumber writes a number as Lua does where it is whole.
func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
