package alarm

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// A function is one that expressions may call.
type function struct {
	usage       string
	summary     string
	least, most int
	// metric is true if the first argument names a metric, pattern if it may be one of several; window is
	// set if the last one is a time.
	metric, pattern bool
	window          windowKind
}

// maxArguments bounds the arguments of min and max.
const maxArguments = 16

// functions returns what expressions may call; scope has the code.
func functions() map[string]function {
	return map[string]function{
		"last":          {usage: `last("metric")`, summary: "the last value", least: 1, most: 1, metric: true},
		"previous":      {usage: `previous("metric")`, summary: "the value before", least: 1, most: 1, metric: true},
		"rate":          {usage: `rate("metric")`, summary: "growth per second since the value before; none after a reset", least: 1, most: 1, metric: true},
		"text":          {usage: `text("metric")`, summary: "the last value as text", least: 1, most: 1, metric: true},
		"previous_text": {usage: `previous_text("metric")`, summary: "the value before as text", least: 1, most: 1, metric: true},
		"changed":       {usage: `changed("metric")`, summary: "whether the value is another one than before", least: 1, most: 1, metric: true},
		"has":           {usage: `has("metric")`, summary: "whether the check has the metric now; the name may be a pattern", least: 1, most: 1, metric: true, pattern: true},
		"average":       {usage: `average("metric", "10m")`, summary: "the mean over a time", least: 2, most: 2, metric: true, window: windowMean},
		"minimum":       {usage: `minimum("metric", "10m")`, summary: "the smallest over a time", least: 2, most: 2, metric: true, window: windowMin},
		"maximum":       {usage: `maximum("metric", "10m")`, summary: "the greatest over a time", least: 2, most: 2, metric: true, window: windowMax},
		"change":        {usage: `change("metric", "1h")`, summary: "what a counter grew over a time, also where it was reset; a pattern adds up", least: 2, most: 2, metric: true, pattern: true, window: windowRise},
		"full_in":       {usage: `full_in("used", capacity, "6h")`, summary: "seconds until the capacity is reached at the growth of that time", least: 3, most: 3, metric: true, window: windowTrend},
		"percent":       {usage: `percent(part, whole)`, summary: "part / whole * 100", least: 2, most: 2},
		"age":           {usage: `age()`, summary: "seconds since the last result"},
		"abs":           {usage: `abs(number)`, summary: "without its sign", least: 1, most: 1},
		"floor":         {usage: `floor(number)`, summary: "rounded down", least: 1, most: 1},
		"min":           {usage: `min(a, b)`, summary: "the smallest of some numbers", least: 1, most: maxArguments},
		"max":           {usage: `max(a, b)`, summary: "the greatest of some numbers", least: 1, most: maxArguments},
		"len":           {usage: `len(text)`, summary: "characters", least: 1, most: 1},
		"lower":         {usage: `lower(text)`, summary: "in small letters", least: 1, most: 1},
		"trim":          {usage: `trim(text)`, summary: "without blanks around it", least: 1, most: 1},
	}
}

// A Function is one that expressions may call, for people.
type Function struct{ Usage, Summary string }

// Functions returns the functions, sorted by name.
func Functions() []Function {
	var all []Function
	known := functions()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		all = append(all, Function{known[name].usage, known[name].summary})
	}
	return all
}

// HostFields returns what expressions can know of a host, such as "host.cpus".
func HostFields() []string {
	var all []string
	for _, name := range hostFields() {
		all = append(all, "host."+name)
	}
	return all
}

// functionNames returns what may stand at the begin of a name, for suggestions.
func functionNames() []string {
	return append(slices.Sorted(maps.Keys(functions())), "available", "status", "host")
}

// A scope is what an expression sees while it is evaluated.
type scope struct {
	Last         func(string) (float64, error)                  `expr:"last"`
	Previous     func(string) (float64, error)                  `expr:"previous"`
	Rate         func(string) (float64, error)                  `expr:"rate"`
	Text         func(string) (string, error)                   `expr:"text"`
	PreviousText func(string) (string, error)                   `expr:"previous_text"`
	Changed      func(string) (bool, error)                     `expr:"changed"`
	Has          func(string) bool                              `expr:"has"`
	Average      func(string, string) (float64, error)          `expr:"average"`
	Minimum      func(string, string) (float64, error)          `expr:"minimum"`
	Maximum      func(string, string) (float64, error)          `expr:"maximum"`
	Change       func(string, string) (float64, error)          `expr:"change"`
	FullIn       func(string, float64, string) (float64, error) `expr:"full_in"`
	Percent      func(float64, float64) (float64, error)        `expr:"percent"`
	Age          func() (float64, error)                        `expr:"age"`
	Abs          func(float64) float64                          `expr:"abs"`
	Floor        func(float64) float64                          `expr:"floor"`
	Min          func(...float64) float64                       `expr:"min"`
	Max          func(...float64) float64                       `expr:"max"`
	Len          func(string) float64                           `expr:"len"`
	Lower        func(string) string                            `expr:"lower"`
	Trim         func(string) string                            `expr:"trim"`
	Available    bool                                           `expr:"available"`
	Status       string                                         `expr:"status"`
	Host         hostScope                                      `expr:"host"`
}

// hostScope is host in expressions. Times are seconds.
type hostScope struct {
	SilentFor         float64  `expr:"silent_for"`
	Period            float64  `expr:"period"`
	UpFor             float64  `expr:"up_for"`
	CPUs              float64  `expr:"cpus"`
	Waiting           float64  `expr:"waiting"`
	ClockOffset       float64  `expr:"clock_offset"`
	IdentityWarnings  float64  `expr:"identity_warnings"`
	CertificateEndsIn float64  `expr:"certificate_ends_in"`
	Name              string   `expr:"name"`
	ID                string   `expr:"id"`
	Tags              []string `expr:"tags"`
}

// hostFields returns the names that may follow "host.".
func hostFields() []string {
	var names []string
	for field := range reflect.TypeFor[hostScope]().Fields() {
		names = append(names, field.Tag.Get("expr"))
	}
	return names
}

func isHostField(name string) bool { return slices.Contains(hostFields(), name) }

// A missingError ends an evaluation that needs a value which is not there.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what }

func missing(format string, args ...any) error { return &missingError{fmt.Sprintf(format, args...)} }

// errZero is returned when a share of nothing is asked for.
var errZero = &missingError{"a share of 0"}

// newScope returns what expressions see of env.
func newScope(env *Env) *scope {
	s := &scope{
		Percent: percent, Abs: math.Abs, Floor: math.Floor,
		Min:   func(all ...float64) float64 { return slices.Min(all) },
		Max:   func(all ...float64) float64 { return slices.Max(all) },
		Len:   func(text string) float64 { return float64(len([]rune(text))) },
		Lower: strings.ToLower, Trim: strings.TrimSpace,
		Host: env.hostScope(),
	}
	r := reader{env: env}
	s.Last, s.Previous, s.Rate, s.Text, s.PreviousText = r.last, r.previous, r.rate, r.text, r.previousText
	s.Changed, s.Has, s.Age = r.changed, r.has, r.age
	s.Average = func(m, over string) (float64, error) { return r.window(windowMean, m, over) }
	s.Minimum = func(m, over string) (float64, error) { return r.window(windowMin, m, over) }
	s.Maximum = func(m, over string) (float64, error) { return r.window(windowMax, m, over) }
	s.Change = func(m, over string) (float64, error) { return r.window(windowRise, m, over) }
	s.FullIn = r.fullIn
	if env.Check != nil {
		s.Available, s.Status = env.Check.available, env.Check.status
	}
	return s
}

func (env *Env) hostScope() hostScope {
	h := env.Host
	if h == nil {
		return hostScope{}
	}
	return hostScope{
		SilentFor: h.SilentFor.Seconds(), Period: h.Period.Seconds(), UpFor: h.UpFor.Seconds(),
		CPUs: float64(h.CPUs), Waiting: float64(h.Waiting), ClockOffset: h.ClockOffset.Seconds(),
		IdentityWarnings: float64(h.IdentityWarnings), CertificateEndsIn: h.CertificateEndsIn.Seconds(),
		Name: h.Name, ID: h.ID, Tags: h.Tags,
	}
}

func percent(part, whole float64) (float64, error) {
	if whole == 0 {
		return 0, errZero
	}
	return part / whole * 100, nil
}

// maxTextSeen bounds the bytes of a text that an expression works with.
const maxTextSeen = 4 << 10

// asMissing returns why an evaluation ended, and whether a value was missing.
func asMissing(err error) (string, bool) {
	var m *missingError
	if errors.As(err, &m) {
		return m.what, true
	}
	return "", false
}
