package alarm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// series adds a number of a metric each minute, and returns the memory.
func feed(t *testing.T, needs string, numbers ...float64) *Memory {
	t.Helper()
	m := NewMemory(Needs([]Rule{ruleOf(t, needs)}))
	for minute, number := range numbers {
		m.Add(minuteResult(minute, Value{Name: "x", Value: strconv.FormatFloat(number, 'g', -1, 64)}))
	}
	return m
}

func minuteResult(minute int, values ...Value) Result {
	return Result{
		At: capturedTime.Add(time.Duration(minute) * time.Minute), Period: time.Minute, Available: true, Status: "success",
		Values: slices.Values(values),
	}
}

// judged returns what a condition says of a memory.
func judged(t *testing.T, m *Memory, condition, dimension string) string {
	t.Helper()
	r := ruleOf(t, condition)
	v, ok := r.Judge(&Env{Check: m, Dimension: dimension, Now: m.at})
	if !ok {
		return "nothing"
	}
	if v.State == Unknown {
		return v.Missing
	}
	if v.Value == nil {
		return v.State.String()
	}
	return fmt.Sprintf("%v %v", v.State, formatShort(*v.Value))
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct {
		condition string
		numbers   []float64
		want      string
	}{
		{`last("x") > 2`, []float64{1, 3}, "WARNING 3"},
		{`previous("x") > 2`, []float64{1, 3}, "OK 1"},
		{`previous("x") > 2`, []float64{3}, "x has no earlier number"},
		{`rate("x") > 2`, []float64{60, 360}, "WARNING 5"},
		{`rate("x") > 2`, []float64{360, 60}, "x went back"},
		{`last("y") > 2`, []float64{1}, "y is missing"},
		{`has("y") and last("y") > 2`, []float64{1}, "OK"},
		{`changed("x")`, []float64{1, 1}, "OK"},
		{`changed("x")`, []float64{1, 2}, "WARNING"},
		{`text("x") == "1"`, []float64{1}, "WARNING"},
		{`average("x", "4m") > 2`, []float64{1, 2, 3, 4}, "WARNING 2.5"},
		{`average("x", "10m") > 2`, []float64{1, 2, 3, 4}, "x is not known for 10m yet"},
		{`average("x", "1m") > 2`, []float64{1, 2, 3, 4}, "WARNING 4"},
		{`minimum("x", "10m") > 2`, []float64{9, 9, 3, 5, 7}, "WARNING 3"},
		{`maximum("x", "10m") > 2`, []float64{9, 9, 3, 5, 7}, "WARNING 9"},
		{`change("x", "10m") > 2`, []float64{100, 104, 1, 3, 3}, "WARNING 7"},
		{`percent(last("x"), 4) > 2`, []float64{1}, "WARNING 25"},
		{`percent(last("x"), last("x")) > 2`, []float64{0}, "a share of 0"},
		{`max(last("x"), 7, abs(-8)) > 7.5 and floor(2.9) == 2`, []float64{5}, "WARNING 8"},
		{`last("x") > 2 ? true : false`, []float64{5}, "WARNING"},
		{`1 < last("x") < 3`, []float64{2}, "WARNING 2"},
		{`not (last("x") > 1)`, []float64{2}, "OK"},
		{`len(lower(trim(" ÄB "))) == 2 and last("x") in [1, 2]`, []float64{2}, "WARNING"},
		{`age() > 2`, []float64{2}, "OK 0"},
	} {
		m := feed(t, c.condition, c.numbers...)
		if got := judged(t, m, c.condition, ""); got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.condition, c.numbers, got, c.want)
		}
	}
}

func TestDimensions(t *testing.T) {
	const needs = `last("used") > 1 or last("a.b.used") > 1 or last("all") > 1 or change("q*", "1m") > 1`
	m := NewMemory(Needs([]Rule{ruleOf(t, needs)}))
	m.Add(minuteResult(0, Value{"", "all", "5"}, Value{"a.b", "used", "7"}, Value{"c", "used", "8"}, Value{"c", "q1", "1"}, Value{"c", "q2", "2"}))
	m.Add(minuteResult(1, Value{"", "all", "5"}, Value{"a.b", "used", "7"}, Value{"c", "used", "8"}, Value{"c", "q1", "4"}, Value{"c", "q2", "7"}))
	for _, c := range []struct{ condition, dimension, want string }{
		{`last("used") > 1`, "c", "WARNING 8"},
		{`last("used") > 1`, "", "WARNING 7"}, // the first dimension that has it
		{`last("used") > 1`, "x", "used is missing"},
		{`last("a.b.used") > 1`, "c", "WARNING 7"},
		{`last("all") > 1`, "c", "WARNING 5"},
		{`change("q*", "1m") > 1`, "c", "WARNING 8"},
		{`change("q*", "1m") > 1`, "", "WARNING 8"},
		{`change("q*", "1m") > 1`, "a.b", "q* is missing"},
		{`has("q*")`, "c", "WARNING"},
		{`has("q*")`, "a.b", "OK"},
	} {
		if got := judged(t, m, c.condition, c.dimension); got != c.want {
			t.Errorf("%s in %q: %s, want %s", c.condition, c.dimension, got, c.want)
		}
	}
	r := ruleOf(t, `last("used") > 1`)
	if got := m.Parts(&r); !slices.Equal(got, []string{"a.b", "c"}) {
		t.Errorf("parts %q", got)
	}
	m.Add(minuteResult(2, Value{"c", "used", "8"}))
	if got := m.Parts(&r); !slices.Equal(got, []string{"c"}) {
		t.Errorf("parts %q after a dimension is gone", got)
	}
	if got := judged(t, m, `last("used") > 1`, "a.b"); got != "used is missing" {
		t.Errorf("a dimension that is gone: %s", got)
	}
	m.Add(Result{At: capturedTime.Add(3 * time.Minute), Status: "failed"})
	if got := judged(t, m, `last("used") > 1`, "c"); got != "nothing" {
		t.Errorf("an unavailable check: %s", got)
	}
	if got := judged(t, m, `not available and status == "failed"`, ""); got != "WARNING" {
		t.Errorf("an unavailable check: %s", got)
	}
}

// TestOlderResultsCountForWindowsAlone adds results out of order.
func TestOlderResultsCountForWindowsAlone(t *testing.T) {
	const needs = `last("x") > 0 and average("x", "10m") > 0 and previous("x") > 0`
	m := NewMemory(Needs([]Rule{ruleOf(t, needs)}))
	for _, minute := range []int{5, 6, 1, 2, -100} {
		m.Add(minuteResult(minute, Value{Name: "x", Value: strconv.Itoa(10 * minute)}))
	}
	if got := judged(t, m, `average("x", "10m") > 0`, ""); got != "WARNING 35" {
		t.Error(got)
	}
	if got := judged(t, m, `last("x") > 0`, ""); got != "WARNING 60" {
		t.Error(got)
	}
	if got := judged(t, m, `previous("x") > 0`, ""); got != "WARNING 50" {
		t.Error(got)
	}
}

// TestWindowsAreWhatTheirValuesSay compares windows with sums over all values, at random times.
func TestWindowsAreWhatTheirValuesSay(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 3))
		rings := map[windowKind]*ring{}
		for _, kind := range []windowKind{windowMean, windowMin, windowMax, windowRise} {
			rings[kind] = newRing(Window{Metric: "x", Over: time.Hour, Kind: kind})
		}
		type point struct {
			at    time.Time
			value float64
		}
		var all []point
		at := capturedTime
		for range 300 {
			at = at.Add(time.Duration(random.IntN(90_000)) * time.Millisecond)
			p := point{at, float64(random.IntN(1000))}
			all = append(all, p)
			for _, r := range rings {
				r.add(p.at, p.value)
			}
		}
		// The oldest bucket has not ended: the window is as long as its buckets.
		first := at.Truncate(time.Minute).Add(-59 * time.Minute)
		var sum, count float64
		least, most := math.Inf(1), math.Inf(-1)
		for _, p := range all {
			if !p.at.Before(first) {
				sum, count = sum+p.value, count+1
				least, most = math.Min(least, p.value), math.Max(most, p.value)
			}
		}
		for kind, want := range map[windowKind]float64{windowMean: sum / count, windowMin: least, windowMax: most, windowRise: sum} {
			if got, ok := rings[kind].value(at, time.Minute); !ok || math.Abs(got-want) > 1e-9 {
				t.Errorf("seed %d, kind %d: %v %v, want %v", seed, kind, got, ok, want)
			}
		}
	}
}

func TestFillFromTheStore(t *testing.T) {
	const needs = `average("x", "1h") > 0 and change("x", "1h") > 0 and minimum("x", "1h") > 0`
	m := NewMemory(Needs([]Rule{ruleOf(t, needs)}))
	for i := range 12 {
		at := capturedTime.Add(time.Duration(i)*5*time.Minute - time.Hour)
		m.Fill("", "x", Past{At: at, Min: float64(i), Max: float64(i + 2), Mean: float64(i + 1), Last: float64(i * 10)})
	}
	m.Add(minuteResult(0, Value{Name: "x", Value: "130"}))
	for condition, want := range map[string]string{
		`average("x", "1h") > 0`: "WARNING 17.2", `change("x", "1h") > 0`: "WARNING 130", `minimum("x", "1h") > 0`: "WARNING 1",
	} {
		if got := judged(t, m, condition, ""); got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

func TestMemoryIsStored(t *testing.T) {
	const needs = `average("x", "1h") > 0 and full_in("x", 100, "6h") > 0 and changed("t") and previous("x") > 0`
	rules := []Rule{ruleOf(t, needs)}
	m := NewMemory(Needs(rules))
	for minute := range 500 {
		m.Add(minuteResult(minute, Value{"d", "x", strconv.Itoa(minute)}, Value{"d", "t", "text " + strconv.Itoa(minute/2)}))
	}
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := NewMemory(Needs(rules))
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Memory{m, again} {
		m.Add(minuteResult(500, Value{"d", "x", "500"}, Value{"d", "t", "text"}))
	}
	for _, condition := range []string{`average("x", "1h") > 0`, `full_in("x", 10000, "6h") > 0`, `changed("t")`, `previous("x") > 0`} {
		if got, want := judged(t, again, condition, "d"), judged(t, m, condition, "d"); got != want {
			t.Errorf("%s: %s, it was %s", condition, got, want)
		}
	}
	for n := range len(b) {
		if err := NewMemory(Needs(rules)).UnmarshalBinary(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes are read", n, len(b))
		}
	}
	// With other rules only what they need is kept.
	other := NewMemory(Needs([]Rule{ruleOf(t, `last("x") > 1`)}))
	if err := other.UnmarshalBinary(b); err != nil || len(other.series) != 1 || len(other.series[0].rings) != 0 {
		t.Errorf("%v %d series", err, len(other.series))
	}
}

func FuzzMemoryStored(f *testing.F) {
	e, err := Compile(`average("x", "1h") > 0 and changed("t")`)
	if err != nil {
		f.Fatal(err)
	}
	r := Rule{ID: "r", Cases: []Case{{When: e, State: Warning}}}
	if err := r.finish(); err != nil {
		f.Fatal(err)
	}
	m := NewMemory(Needs([]Rule{r}))
	for minute := range 3 {
		m.Add(minuteResult(minute, Value{"d", "x", strconv.Itoa(minute)}, Value{"", "t", "a"}))
	}
	b, err := m.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m := NewMemory(Needs([]Rule{r}))
		if m.UnmarshalBinary(b) != nil {
			return
		}
		m.Add(minuteResult(3, Value{"d", "x", "1"}))
		for _, d := range m.Parts(&r) {
			r.Judge(&Env{Check: m, Dimension: d})
		}
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := NewMemory(Needs([]Rule{r})).UnmarshalBinary(again); err != nil {
			t.Fatal(err)
		}
	})
}
