package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/schedule/number"
	"virgo/schedule/shorttext"
)

// reportModule has the functions by which a script declares and reports.
func reportModule() Module {
	return Module{Doc: "What a script declares and reports.", Functions: []Function{
		{Name: "metric", Signature: "metric(name, type, value [, unit [, dimension]])",
			Doc:     "Adds a metric. The type is gauge, double, int32, uint32, int64, uint64, bool or string.",
			MinArgs: 3, MaxArgs: 5, Call: addMetric},
		{Name: "status", Signature: "status(text)",
			Doc: "Sets the status of the result; the last one stays.", MinArgs: 1, MaxArgs: 1, Call: setStatus},
		{Name: "unavailable", Signature: "unavailable(text)",
			Doc:     "Ends the check: what it watches is not there, or not well enough to measure.",
			MinArgs: 1, MaxArgs: 1, Call: endUnavailable},
		{Name: "save", Signature: "save(table)",
			Doc: "Keeps a table for the next run, which gets it as its third argument: texts, " +
				"numbers, booleans and tables of them.",
			MinArgs: 1, MaxArgs: 1, Call: save},
		{Name: "log", Signature: "log(value, ...)",
			Doc: "Writes a line that virgo script run shows, and nobody else.", MaxArgs: -1, Call: writeLog},
		{Name: "print", Signature: "print(value, ...)",
			Doc: "The same as log.", MaxArgs: -1, Call: writeLog},
	}}
}

// declareModule has the one function that a file calls while it is loaded.
func declareModule() Module {
	return Module{Pure: true, Functions: []Function{
		{Name: "check", Signature: "check { summary = ..., run = function(details, now, saved) ... end }",
			Doc: "Declares the check that the file is.", MinArgs: 1, MaxArgs: 1, Call: declareCheck},
	}}
}

// reporter collects the report of a check.
type reporter struct {
	metrics []collect.Metric
	status  string
	saved   []byte
}

// unavailableError ends a script that called unavailable: no failure of the script.
type unavailableError struct{ text string }

func (e *unavailableError) Error() string { return e.text }

// tooMuch ends the script for what it reports beyond a limit.
func (c *Call) tooMuch(l *lua.LState, format string, args ...any) int {
	return c.end(l, &Error{Kind: KindOutput, Text: fmt.Sprintf(format, args...)})
}

func addMetric(c *Call, l *lua.LState) int {
	m := collect.Metric{Name: l.CheckString(1), Type: collect.MetricType(l.CheckString(2))}
	m.Unit, m.Dimension = optionalText(l, 4), optionalText(l, 5)
	if m.Name == "" {
		return c.Raise(l, "metric without a name")
	}
	var ok bool
	if m.Value, ok = metricValue(m.Type, l.Get(3)); !ok {
		if _, known := number.Value(string(m.Type), "0"); !known && m.Type != collect.Bool && m.Type != collect.String {
			return c.Raise(l, "metric %.64q: unknown type %.40q", m.Name, m.Type)
		}
		return c.Raise(l, "metric %.64q: %.64q is no %s", m.Name, l.Get(3).String(), m.Type)
	}
	for _, text := range []string{m.Name, m.Unit, m.Dimension} {
		if len(text) > maxMetricName {
			return c.tooMuch(l, "metric %.64q: a name, unit or dimension of more than %d bytes", m.Name, maxMetricName)
		}
	}
	if len(m.Value) > maxTextMetric {
		return c.tooMuch(l, "metric %.64q: a text of more than %d bytes", m.Name, maxTextMetric)
	}
	if len(c.report.metrics) >= collect.MaxMetrics {
		return c.tooMuch(l, "reported more than %d metrics", collect.MaxMetrics)
	}
	for _, text := range []*string{&m.Name, &m.Unit, &m.Dimension} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	c.meter.charge(l, (len(m.Name)+len(m.Value))/bytesAStep)
	c.report.metrics = append(c.report.metrics, m)
	return 0
}

func optionalText(l *lua.LState, n int) string {
	if l.Get(n) == lua.LNil {
		return ""
	}
	return l.CheckString(n)
}

// metricValue returns a value in the form that it is sent in. ok is false if it is none of that type.
func metricValue(t collect.MetricType, v lua.LValue) (text string, ok bool) {
	switch v := v.(type) {
	case lua.LString:
		text = strings.ToValidUTF8(string(v), "\uFFFD")
	case lua.LBool:
		text = strconv.FormatBool(bool(v))
		if t != collect.Bool && t != collect.String {
			return "", false
		}
	case lua.LNumber:
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "", false
		}
		text = strconv.FormatFloat(f, 'f', -1, 64)
		if t == collect.Bool {
			return "", false
		}
	default:
		return "", false
	}
	return number.Value(string(t), text)
}

func setStatus(c *Call, l *lua.LState) int {
	c.report.status = statusText(l.CheckString(1))
	return 0
}

// statusText returns a text as the one line that a status is.
func statusText(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	return shorttext.Sanitize(collect.TruncateStatus(strings.Join(strings.Fields(text), " ")))
}

func endUnavailable(c *Call, l *lua.LState) int {
	return c.end(l, &unavailableError{statusText(l.CheckString(1))})
}

func save(c *Call, l *lua.LState) int {
	f := fromLua{most: maxSavedDepth, mostBytes: c.Limits.SavedBytes}
	text, err := f.encode(l.CheckTable(1))
	c.meter.charge(l, f.values+f.bytes/bytesAStep)
	if n := max(f.bytes, len(text)); n > c.Limits.SavedBytes {
		return c.tooMuch(l, "saved %d bytes; at most %d are allowed", n, c.Limits.SavedBytes)
	}
	if err != nil {
		return c.Raise(l, "save: %s", err)
	}
	c.report.saved = []byte(text)
	return 0
}

// logger passes on the lines that a script writes for whoever tries it.
type logger struct {
	write func(line string) // nil: nobody sees them
	bytes int
}

func writeLog(c *Call, l *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= l.GetTop(); i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		if b.WriteString(l.ToStringMeta(l.Get(i)).String()); b.Len() > maxMessage {
			break
		}
	}
	line := truncate(b.String())
	c.meter.charge(l, len(line)/bytesAStep)
	if c.log.bytes += len(line); c.log.bytes > maxLogBytes || c.log.write == nil {
		return 0
	}
	c.log.write(line)
	return 0
}
