package alarm

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostileExpressions gives the compiler what costs time or memory, or reaches more than the values of
// a check.
func TestHostileExpressions(t *testing.T) {
	chain := "1"
	for range 40 {
		chain = "(1 < " + chain + " < 2)"
	}
	for name, text := range map[string]string{
		"closure":             `all([1, 2], {# > 1})`,
		"filter":              `len(filter(host.tags, {# == "x"})) > 0`,
		"map":                 `map(1..1000000, {#})[0] > 1`,
		"reduce":              `reduce(1..1000000, #acc + #, 0) > 1`,
		"count":               `count(host.tags, true) > 1`,
		"sum":                 `sum([1, 2]) > 1`,
		"sort":                `sortBy(host.tags, #)[0] == "x"`,
		"range":               `len(1..100000000) > 1`,
		"in a range":          `1 in 1..100000000`,
		"repeat":              `len(repeat("x", 1000000000)) > 1`,
		"let":                 `let x = last("a"); x > 1`,
		"sequence":            `last("a"); last("b") > 1`,
		"environment":         `$env["last"]("x") > 1`,
		"environment member":  `$env.host.cpus > 1`,
		"method":              `host.tags.foo() > 1`,
		"index":               `host.tags[0] == "x"`,
		"slice":               `len(host.name[0:5]) > 1`,
		"optional":            `host?.name == "x"`,
		"coalesce":            `last("a") ?? 1 > 1`,
		"map literal":         `{"a": 1}.a > 0`,
		"nil":                 `last("x") != nil`,
		"now":                 `now().Unix() > 1`,
		"date":                `date("2020-01-01") > date("2019-01-01")`,
		"json":                `fromJSON("[1]")[0] > 0`,
		"string function":     `string(last("x")) == "1"`,
		"get":                 `get(host, "cpus") > 1`,
		"type":                `type(host) == "x"`,
		"bits":                `bitand(1, 2) == 0`,
		"if":                  `if true { true } else { false }`,
		"field of a function": `last.foo > 1`,
		"host":                `host == host`,
		"in host":             `"x" in host`,
		"no field":            `host.password == "x"`,
		"internal field":      `host.SilentFor > 1`,
		"computed metric":     `last("a" + "b") > 1`,
		"computed time":       `average("a", "1" + "m") > 1`,
		"computed pattern":    `text("a") matches text("b")`,
		"huge pattern":        `text("a") matches "(abcdefghij){900}"`,
		"many patterns":       strings.Repeat(`text("a") matches "(abcde){100}" or `, 5) + "true",
		"look-ahead":          `text("a") matches "(?=x)"`,
		"long":                `last("` + strings.Repeat("x", MaxExprBytes) + `") > 1`,
		"many nodes":          strings.Repeat("1 + ", MaxExprNodes) + "1 > 1",
		"deep":                strings.Repeat("(1 + ", 80) + "1" + strings.Repeat(")", 80) + " > 1",
		"deep unary":          strings.Repeat("!", 1000) + "true",
		"deep parentheses":    strings.Repeat("(", 2000),
		"deep calls":          strings.Repeat("abs(", 80) + "1" + strings.Repeat(")", 80) + " > 1",
		"comparison chain":    chain,
		"deep lists":          strings.Repeat("[", 80) + strings.Repeat("]", 80) + " == []",
		"no truth":            `last("a")`,
		"text as number":      `text("a") > 1`,
		"empty":               " \n",
		"unfinished":          `last("a") >`,
		"no text":             `last(`,
		"bytes":               "last(\"\xff\xfe\") > ",
		"NUL":                 "\x00",
		"comment":             `/* last("a") > 1`,
		"short window":        `average("a", "1s") > 1`,
		"long window":         `average("a", "3650d") > 1`,
		"wrong window":        `average("a", "soon") > 1`,
		"many arguments":      "max(" + strings.Repeat("1,", 17) + "1) > 1",
		"no arguments":        `max() > 1`,
		"pattern of metrics":  `last("a*") > 1`,
		"call of a call":      `last("a")("b") > 1`,
		"unknown function":    `exec("rm") > 1`,
		"unknown name":        `foo > 1`,
	} {
		e, err := Compile(text)
		if err == nil {
			t.Errorf("%s: %q was compiled to %v", name, text, e)
			continue
		}
		if len(err.Error()) > 2*maxErrorBytes || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%s: the error is %q", name, err)
		}
	}
}

// TestLongestEvaluation evaluates the most expensive conditions that are allowed, on the largest texts: each
// costs a bounded number of steps, so that the test would not end otherwise.
func TestLongestEvaluation(t *testing.T) {
	long := strings.Repeat("a", 10*maxTextSeen)
	m := memoryOf(t, `last("x") > 1 or text("t") == ""`, Value{Name: "x", Value: "1"}, Value{Name: "t", Value: long})
	for _, text := range []string{
		`text("t") matches "^(a|aa|aaa){1,60}$"`,
		`text("t") matches "(a?){100}a{100}$"`,
		strings.Repeat(`text("t") + `, 40) + `text("t") == ""`,
		`last("x") ` + strings.Repeat("** 9 ", 40) + `> 1`,
		strings.Repeat(`lower(text("t")) contains text("t") and `, 20) + "true",
	} {
		r := ruleOf(t, text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, ok := r.Judge(&Env{Check: m}); !ok {
			t.Errorf("%.60s: not judged", text)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%.60s: %d bytes", text, used)
		}
	}
}

func memoryOf(t *testing.T, needs string, values ...Value) *Memory {
	t.Helper()
	m := NewMemory(Needs([]Rule{ruleOf(t, needs)}))
	m.Add(Result{At: capturedTime, Period: time.Minute, Available: true, Status: "success", Values: slices.Values(values)})
	return m
}

func ruleOf(t *testing.T, text string) Rule {
	t.Helper()
	e, err := Compile(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	r := Rule{ID: "r", Cases: []Case{{When: e, State: Warning}}}
	if err := r.finish(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestManySeries gives a memory more dimensions and metrics than it keeps.
func TestManySeries(t *testing.T) {
	r := ruleOf(t, `last("x") > 1 or change("y*", "1h") > 1`)
	m := NewMemory(Needs([]Rule{r}))
	random := rand.New(rand.NewPCG(1, 2))
	for minute := range 20 {
		m.Add(Result{
			At: capturedTime.Add(time.Duration(minute) * time.Minute), Period: time.Minute, Available: true,
			Values: func(yield func(Value) bool) {
				for range 3000 {
					if !yield(Value{Dimension: randomText(random), Name: "y" + randomText(random), Value: "1"}) {
						return
					}
				}
			},
		})
	}
	if len(m.series) > maxSeries || len(m.dimensions) > MaxDimensions {
		t.Errorf("%d series, %d dimensions", len(m.series), len(m.dimensions))
	}
	if len(m.Parts(&r)) > MaxDimensions {
		t.Errorf("%d parts", len(m.Parts(&r)))
	}
}

func randomText(random *rand.Rand) string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte('a' + random.IntN(26))
	}
	return string(b)
}

func FuzzCompile(f *testing.F) {
	for _, r := range mustDefaults(f) {
		for _, c := range r.Cases {
			f.Add(c.When.String())
		}
	}
	f.Add(`1 < last("x") < 3 and not (text("x") matches "^a+$") ? "web" in host.tags : lower(trim(status)) startsWith "a"`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Compile(text)
		if err != nil {
			return
		}
		r := Rule{ID: "r", Cases: []Case{{When: e, State: Warning}}, Disabled: true}
		if r.finish() != nil {
			return
		}
		m := NewMemory(Needs([]Rule{r}))
		for minute := range 3 {
			m.Add(Result{
				At: capturedTime.Add(time.Duration(minute) * time.Minute), Period: time.Minute, Available: true,
				Values: slices.Values([]Value{{Name: "x", Value: "1"}, {Dimension: "d", Name: "used", Value: "7"}, {Name: "avail", Value: "5"}}),
			})
		}
		for _, d := range m.Parts(&r) {
			v, ok := r.Judge(&Env{Host: &Host{Tags: []string{"web"}}, Check: m, Dimension: d, Now: m.at})
			if ok && v.State == Unknown && v.Missing == "" {
				t.Fatalf("%q: unknown without a reason", text)
			}
		}
	})
}
