package api

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// maxTimeBytes bounds the texts of times and their layouts.
const maxTimeBytes = 256

// layoutDoc describes layouts.
const layoutDoc = "A layout is rfc3339, rfc1123, unix (seconds), or a text with these signs: %Y " +
	"year, %y without century, %m month, %d day, %e day without zero, %j day of the year, %b Jan, %B " +
	"January, %a Mon, %A Monday, %H hour, %I hour of 12, %p AM or PM, %M minute, %S second, %N " +
	"fraction, %z +0100, %Z UTC, %F is %Y-%m-%d, %T is %H:%M:%S, %% is %. A zone is UTC, Local, or " +
	"one as Europe/Berlin."

func timeModule() script.Module {
	began := time.Now()
	return script.Module{
		Name: "time", Pure: true,
		Doc: "Times as seconds since 1970 in UTC. What time it is, run is told. " + layoutDoc,
		Functions: []script.Function{
			{Name: "parse", Signature: `time.parse(text, layout [, zone="UTC"]) -> seconds`, MinArgs: 2, MaxArgs: 3,
				Doc: "Reads a time; nil and why if the text is none of that layout. The zone is for " +
					"texts that name none.",
				Call: func(c *script.Call, l *lua.LState) int {
					text, zone := l.CheckString(1), zoneAt(l, 3)
					if len(text) > maxTimeBytes {
						return c.Fail(l, fmt.Errorf("a time of %d bytes", len(text)))
					}
					seconds, err := parseTime(text, layoutAt(l), zone)
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(lua.LNumber(seconds))
					return 1
				}},
			{Name: "format", Signature: `time.format(seconds, layout [, zone="UTC"]) -> text`, MinArgs: 2, MaxArgs: 3,
				Doc: "Writes a time.",
				Call: func(_ *script.Call, l *lua.LState) int {
					seconds := float64(l.CheckNumber(1))
					if !(math.Abs(seconds) < 1e12) {
						l.ArgError(1, "a time out of range")
					}
					layout, zone := layoutAt(l), zoneAt(l, 3)
					l.Push(lua.LString(formatTime(seconds, layout, zone)))
					return 1
				}},
			{Name: "clock", Signature: "time.clock() -> seconds",
				Doc: "A clock that only goes forward, for the time between two of its values: how " +
					"long a server took to answer.",
				Call: func(_ *script.Call, l *lua.LState) int {
					l.Push(lua.LNumber(time.Since(began).Seconds()))
					return 1
				}},
			{Name: "duration", Signature: "time.duration(text) -> seconds", MinArgs: 1, MaxArgs: 1,
				Doc: `Reads a span of time: "1h2m", "90s", "3d 4h", "1w", "250ms", a number of ` +
					`seconds, or "2-03:04:05" and "04:05" as ps prints it; nil and why if it is none.`,
				Call: func(c *script.Call, l *lua.LState) int {
					seconds, err := parseDuration(l.CheckString(1))
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(lua.LNumber(seconds))
					return 1
				}},
		},
	}
}

// unixLayout stands for seconds since 1970, which Go has no layout for.
const unixLayout = "unix"

// directive returns the sign of a layout in Go's form; empty: there is none.
func directive(sign byte) string {
	switch sign {
	case 'Y':
		return "2006"
	case 'y':
		return "06"
	case 'm':
		return "01"
	case 'd':
		return "02"
	case 'e':
		return "_2"
	case 'j':
		return "002"
	case 'b', 'h':
		return "Jan"
	case 'B':
		return "January"
	case 'a':
		return "Mon"
	case 'A':
		return "Monday"
	case 'H':
		return "15"
	case 'I':
		return "03"
	case 'p':
		return "PM"
	case 'M':
		return "04"
	case 'S':
		return "05"
	case 'N':
		return "000000000"
	case 'z':
		return "-0700"
	case 'Z':
		return "MST"
	case 'F':
		return "2006-01-02"
	case 'T':
		return "15:04:05"
	}
	return ""
}

// layoutAt returns the layout at the second argument.
func layoutAt(l *lua.LState) []string {
	pieces, err := layoutOf(l.CheckString(2))
	if err != nil {
		l.ArgError(2, err.Error())
	}
	return pieces
}

// layoutOf returns the pieces of a layout: texts at even places, signs in Go's form at odd ones.
// Go's own layouts would take digits and letters of the texts for signs.
func layoutOf(layout string) ([]string, error) {
	if len(layout) > maxTimeBytes {
		return nil, errors.New("the layout is too long")
	}
	switch layout {
	case "rfc3339":
		return []string{"", time.RFC3339Nano}, nil
	case "rfc1123":
		return []string{"", time.RFC1123}, nil
	case unixLayout:
		return []string{"", unixLayout}, nil
	}
	pieces := []string{""}
	for i := 0; i < len(layout); i++ {
		last := len(pieces) - 1
		if layout[i] != '%' {
			pieces[last] += layout[i : i+1]
			continue
		}
		if i++; i == len(layout) {
			return nil, errors.New("the layout ends with %")
		}
		if layout[i] == '%' {
			pieces[last] += "%"
			continue
		}
		d := directive(layout[i])
		if d == "" {
			return nil, fmt.Errorf("unknown sign %q in the layout", layout[i-1:i+1])
		}
		pieces = append(pieces, d, "")
	}
	if len(pieces) == 1 {
		return nil, fmt.Errorf("the layout %q has no sign such as %%Y, and is not rfc3339, rfc1123 or unix", layout)
	}
	return pieces, nil
}

func zoneAt(l *lua.LState, arg int) *time.Location {
	name := l.OptString(arg, "UTC")
	zone, err := time.LoadLocation(name)
	if err != nil || len(name) > maxTimeBytes {
		l.ArgError(arg, fmt.Sprintf("unknown zone %.40q", name))
	}
	return zone
}

func formatTime(seconds float64, pieces []string, zone *time.Location) string {
	whole := math.Floor(seconds)
	t := time.Unix(int64(whole), int64((seconds-whole)*1e9)).In(zone)
	var out strings.Builder
	for i, p := range pieces {
		switch {
		case i%2 == 0:
			out.WriteString(p)
		case p == unixLayout:
			out.WriteString(formatNumber(seconds))
		case p == "000000000":
			fmt.Fprintf(&out, "%09d", t.Nanosecond())
		default:
			out.WriteString(t.Format(p))
		}
	}
	return out.String()
}
