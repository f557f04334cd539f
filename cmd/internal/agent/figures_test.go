package agent

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/collect"
)

func figuresOf(t *testing.T, key []string, r, before collect.Result) string {
	t.Helper()
	reg, err := collect.NewRegistry(collect.Type{Name: "test", KeyMetrics: key, Checker: collect.CheckerFunc(nil)})
	if err != nil {
		t.Fatal(err)
	}
	r.CheckType, before.CheckType = "test", "test"
	return strings.ReplaceAll(strings.Join(KeyFigures(reg, r, before), ", "), "\u00a0", " ")
}

// resultAt parses "dimension:name=value unit", without dimension and unit where there is none.
func resultAt(seconds int64, metrics ...string) collect.Result {
	r := collect.Result{State: collect.Available, Time: time.Unix(seconds, 0)}
	for _, text := range metrics {
		var m collect.Metric
		name, value, _ := strings.Cut(text, "=")
		if dimension, rest, ok := strings.Cut(name, ":"); ok {
			m.Dimension, name = dimension, rest
		}
		m.Name, m.Type = name, collect.Int64
		m.Value, m.Unit, _ = strings.Cut(value, " ")
		if strings.Trim(m.Value, "0123456789") != "" {
			m.Type = collect.String
		}
		r.Metrics = append(r.Metrics, m)
	}
	return r
}

func TestKeyFigures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		key    []string
		before []string // 10 s earlier
		now    []string
		want   string
	}{
		{"as it is", []string{"b", "a"}, nil, []string{"a=1", "b=2048 bytes", "c=3"}, "b 2.0 KiB, a 1"},
		{"share", []string{"used%used+avail"}, nil, []string{"used=30", "free=99", "avail=10"}, "used 75.0 %"},
		{"share of nothing", []string{"swap%total", "a"}, nil, []string{"swap=0", "total=0", "a=1"}, "a 1"},
		{"rate", []string{"rx/s"}, []string{"rx=1000 bytes"}, []string{"rx=11240 bytes"}, "rx 1.0 KiB/s"},
		{"rate in a first run", []string{"rx/s", "up"}, nil, []string{"rx=11240 bytes", "up=yes"}, "up yes"},
		{"counter that began again", []string{"rx/s", "up"}, []string{"rx=1000"}, []string{"rx=999", "up=yes"}, "up yes"},
		{"rates of objects", []string{"rx/s", "tx/s", "state"}, []string{"lo:rx=0", "lo:tx=0", "e0:rx=0", "e0:tx=0", "new:x=0"},
			[]string{"lo:rx=10", "lo:tx=20", "lo:state=up", "e0:rx=100", "e0:tx=0", "new:rx=7", "new:state=up"},
			"e0 rx 10/s tx 0/s, lo rx 1/s tx 2/s, new state up"},
		{"greatest objects", []string{"used%used+avail", "avail"}, nil,
			[]string{"/a:used=1", "/a:avail=9", "/b:used=9", "/b:avail=1", "/c:used=5", "/c:avail=5", "/d:used=0", "/d:avail=1"},
			"/b used 90.0 % avail 1, /c used 50.0 % avail 5, /a used 10.0 % avail 9, +1"},
		{"objects in a first run", []string{"rx/s", "state"}, nil,
			[]string{"a:rx=0", "a:state=down", "b:rx=0", "b:state=down", "c:rx=0", "c:state=down", "d:rx=5", "d:state=up"},
			"d state up, a state down, b state down, +1"},
		{"no key metrics", nil, nil, []string{"x=1", "y=2", "x=3", "z=4", "w=5"}, "x 3, y 2, z 4, +2"},
		{"text", []string{"version"}, nil, []string{"version=v 1"}, "version v"},
		{"none", []string{"a"}, nil, nil, ""},
	} {
		before := collect.Result{}
		if tt.before != nil {
			before = resultAt(100, tt.before...)
		}
		if got := figuresOf(t, tt.key, resultAt(110, tt.now...), before); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	// The clock was set back between the results.
	if got := figuresOf(t, []string{"rx/s"}, resultAt(100, "rx=2"), resultAt(100, "rx=1")); got != "" {
		t.Errorf("without time between the results: %q", got)
	}
}

// A result of many metrics is shown in a time that grows with their number, not with its square: with
// the square, this test would look at 10^8 metrics and make a list of as many.
func TestKeyFiguresOfManyMetrics(t *testing.T) {
	var dimensions, names collect.Result
	for i := range collect.MaxMetrics {
		m := collect.Metric{Type: collect.Int64, Value: fmt.Sprint(i)}
		m.Name, m.Dimension = "a", fmt.Sprint(i)
		dimensions.Metrics = append(dimensions.Metrics, m)
		m.Name, m.Dimension = fmt.Sprint("m", i), ""
		names.Metrics = append(names.Metrics, m)
	}
	for want, r := range map[string]collect.Result{
		"9999 a 9999, 9998 a 9998, 9997 a 9997, +9997": dimensions,
		"m0 0, m1 1, m2 2, +9997":                      names,
	} {
		var got string
		allocations := testing.AllocsPerRun(1, func() { got = figuresOf(t, nil, r, collect.Result{}) })
		if got != want {
			t.Errorf("%q", got)
		}
		if most := 20.0 * collect.MaxMetrics; allocations > most {
			t.Errorf("%.0f allocations, more than %.0f", allocations, most)
		}
	}
}
