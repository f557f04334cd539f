package alarm

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

// An oldEvaluator says what criteria mean, from their definition: it makes random ones, as text and as a function of
// the values, and knows nothing of expressions.
type oldEvaluator struct {
	random *rand.Rand
	now    map[string]string
	before map[string]string
}

// errMissing is what a comparison says that needs a value which is not there.
var errMissing = &missingError{"a value is missing"}

// A meaning is true, false, or an error.
type meaning func() (bool, error)

func (o *oldEvaluator) number(metric string, in map[string]string) (float64, error) {
	text, ok := in[metric]
	if !ok {
		return 0, errMissing
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errMissing
	}
	return value, nil
}

// space returns what may stand between two words.
func (o *oldEvaluator) space() string {
	return []string{"", " ", "\n", "\t ", "/* c */", " # to the end\n"}[o.random.IntN(6)]
}

func (o *oldEvaluator) quote(text string) string {
	if o.random.IntN(2) == 0 {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func (o *oldEvaluator) metric() string {
	return []string{"a", "b", "t", "u", "gone", "d.x"}[o.random.IntN(6)]
}

func (o *oldEvaluator) metricText(name string) string {
	return "metric" + o.space() + "[" + o.quote(name) + "]"
}

// quantity returns a numeric operand.
func (o *oldEvaluator) quantity(depth int) (string, func() (float64, error)) {
	name := o.metric()
	switch o.random.IntN(5) {
	case 0:
		n := float64(o.random.IntN(2000)-1000) / 10
		return strconv.FormatFloat(n, 'f', -1, 64), func() (float64, error) { return n, nil }
	case 1:
		return "previous(" + o.metricText(name) + ")", func() (float64, error) { return o.number(name, o.before) }
	case 2:
		return "rate(" + o.space() + o.metricText(name) + ")", func() (float64, error) {
			now, err := o.number(name, o.now)
			if err != nil {
				return 0, err
			}
			before, err := o.number(name, o.before)
			if err != nil || now < before {
				return 0, errMissing
			}
			return (now - before) / 60, nil
		}
	case 3:
		if depth < 3 {
			a, partOf := o.quantity(depth + 1)
			b, wholeOf := o.quantity(depth + 1)
			return "percentage(" + a + "," + o.space() + b + ")", func() (float64, error) {
				part, err := partOf()
				if err != nil {
					return 0, err
				}
				whole, err := wholeOf()
				if err != nil || whole == 0 {
					return 0, errMissing
				}
				return part / whole * 100, nil
			}
		}
	}
	return o.metricText(name), func() (float64, error) { return o.number(name, o.now) }
}

func (o *oldEvaluator) textOf(name string, in map[string]string) (string, error) {
	text, ok := in[name]
	if !ok {
		return "", errMissing
	}
	return text, nil
}

func (o *oldEvaluator) comparison() (string, meaning) {
	name := o.metric()
	switch o.random.IntN(4) {
	case 0:
		text := []string{"up", "down", "12", "a'b\"c", `\d`}[o.random.IntN(5)]
		not := o.random.IntN(2) == 0
		operator := map[bool]string{false: "==", true: "!="}[not]
		return o.metricText(name) + o.space() + operator + o.space() + o.quote(text), func() (bool, error) {
			value, err := o.textOf(name, o.now)
			return (value == text) != not, err
		}
	case 1:
		pattern := []string{"^u", "[0-9]+", "down|up", `\d\d`, "b\"c$", ""}[o.random.IntN(6)]
		not := o.random.IntN(2) == 0
		operator := map[bool]string{false: " regex ", true: " nregex "}[not]
		return o.metricText(name) + operator + o.quote(pattern), func() (bool, error) {
			value, err := o.textOf(name, o.now)
			return regexp.MustCompile(pattern).MatchString(value) != not, err
		}
	case 2:
		not := o.random.IntN(2) == 0
		operator := map[bool]string{false: "==", true: "!="}[not]
		return o.metricText(name) + operator + "previous(" + o.metricText(name) + ")", func() (bool, error) {
			value, err := o.textOf(name, o.now)
			if err != nil {
				return false, err
			}
			before, err := o.textOf(name, o.before)
			return (value == before) != not, err
		}
	}
	a, left := o.quantity(0)
	b, right := o.quantity(0)
	operator := []string{"<", "<=", ">", ">="}[o.random.IntN(4)]
	return a + o.space() + operator + o.space() + b, func() (bool, error) {
		x, err := left()
		if err != nil {
			return false, err
		}
		y, err := right()
		return map[string]bool{"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator], err
	}
}

// condition returns comparisons that are joined; && binds closer than ||, as everywhere.
func (o *oldEvaluator) condition(depth int) (string, meaning) {
	if depth > 3 || o.random.IntN(3) == 0 {
		return o.comparison()
	}
	if o.random.IntN(3) == 0 {
		text, m := o.condition(depth + 1)
		return "(" + o.space() + text + o.space() + ")", m
	}
	operator := []string{"&&", "||"}[o.random.IntN(2)]
	var parts []string
	var means []meaning
	for range 2 + o.random.IntN(2) {
		text, m := o.condition(depth + 1)
		parts, means = append(parts, "("+text+")"), append(means, m)
	}
	return strings.Join(parts, o.space()+operator+o.space()), func() (bool, error) {
		for _, m := range means {
			value, err := m()
			if err != nil {
				return false, err
			}
			if value != (operator == "&&") {
				return value, nil
			}
		}
		return operator == "&&", nil
	}
}

// TestCriteriaMeanTheSame compares translated criteria with their meaning, on random values.
func TestCriteriaMeanTheSame(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(400) {
		o := &oldEvaluator{random: rand.New(rand.NewPCG(seed, 8)), now: map[string]string{}, before: map[string]string{}}
		for _, in := range []map[string]string{o.before, o.now} {
			in["a"], in["b"] = strconv.Itoa(o.random.IntN(100)-20), strconv.FormatFloat(o.random.Float64()*100, 'f', 2, 64)
			in["t"], in["u"] = []string{"up", "down", "12"}[o.random.IntN(3)], []string{"a'b\"c", `\d`, "", "7"}[o.random.IntN(4)]
			in["d.x"] = strconv.Itoa(o.random.IntN(10))
		}
		var text strings.Builder
		var cases []meaning
		states := []State{OK, Warning, Critical}
		var leads []State
		for range 1 + o.random.IntN(3) {
			condition, m := o.condition(0)
			state := states[o.random.IntN(3)]
			fmt.Fprintf(&text, "if (%s) { return new AlarmStatus(%v, 'x'); }\n", condition, state)
			cases, leads = append(cases, m), append(leads, state)
		}
		want := OK.String()
		for i, m := range cases {
			value, err := m()
			if err != nil {
				want = Unknown.String()
				break
			}
			if value {
				want = leads[i].String()
				break
			}
		}
		counts[want]++
		c := schedule.Check{ID: "c", Type: "agent.plugin", Alarms: []byte(`{"a":{"criteria":` + strconv.QuoteToASCII(text.String()) + `}}`)}
		rules, problems := ParseCheck(&c)
		if len(problems) > 0 {
			if strings.Contains(problems[0].Err.Error(), "maximum allowed nodes") || strings.Contains(problems[0].Err.Error(), "parts") {
				counts["too large"]++
				continue
			}
			t.Fatalf("seed %d: %s\n%v", seed, text.String(), problems[0].Err)
		}
		m := NewMemory(Needs(rules))
		for minute, in := range []map[string]string{o.before, o.now} {
			m.Add(minuteResult(minute, Value{"", "a", in["a"]}, Value{"", "b", in["b"]}, Value{"", "t", in["t"]}, Value{"", "u", in["u"]}, Value{"d", "x", in["d.x"]}))
		}
		v, ok := rules[0].Judge(&Env{Check: m, CheckID: "c", Now: m.at.Add(time.Second)})
		if !ok || v.State.String() != want {
			t.Fatalf("seed %d: %v %q, want %s\n%s\nbefore %v\nnow %v", seed, v.State, v.Missing, want, text.String(), o.before, o.now)
		}
	}
	for _, state := range []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"} {
		if counts[state] < 25 {
			t.Errorf("the criteria led to %v", counts)
		}
	}
	if counts["too large"] > 40 {
		t.Errorf("%d criteria are too large", counts["too large"])
	}
}
