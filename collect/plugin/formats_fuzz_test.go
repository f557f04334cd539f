package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/collect"
)

// seed gives a fuzzer the captured outputs and what is odd about a format.
func seed(f *testing.F, odd ...string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*_*")
	if err != nil || len(files) < 10 {
		f.Fatalf("%d captured outputs, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), 0)
	}
	for _, text := range odd {
		f.Add(text, 2)
	}
}

// holds reads an output in a format and checks what holds of every report.
func holds(t *testing.T, format, in string, code int) {
	t.Helper()
	read := func(one func(o *output)) (collect.Report, []Fault, error) {
		g, err := newFormat(format, false)
		if err != nil {
			t.Fatal(err)
		}
		o := newOutput(g)
		one(o)
		r, err := g.report(exit{code: code}, o.cut)
		_, faults := g.examined()
		return r, faults, err
	}
	r, faults, err := read(func(o *output) { o.read(strings.NewReader(in)) })
	var said failure
	switch {
	case err != nil && (!errors.As(err, &said) || said == ""):
		t.Errorf("error %#v says nothing", err)
	case err != nil && len(r.Metrics) > 0, r.Unavailable && format != "virgo" && format != "json" && len(r.Metrics) > 0 && code != 0:
		t.Errorf("error %v, unavailable %v beside metrics", err, r.Unavailable)
	case len(faults) > 1 || len(faults) > 0 && (faults[0].Line < 1 || faults[0].Line > 1+strings.Count(in, "\n") || faults[0].Text == ""):
		t.Errorf("faults %+v", faults)
	}
	for _, m := range r.Metrics {
		if m.Name == "" || !m.Valid() || strings.Contains(m.Name+m.Dimension+m.Unit+m.Value, "\x00") {
			t.Errorf("metric %+v", m)
		}
	}
	if len(r.Metrics) > collect.MaxMetrics {
		t.Errorf("%d metrics", len(r.Metrics))
	}
	result := collect.Result{CheckType: TypeName, State: collect.Available, Status: r.Status, Metrics: r.Metrics}
	if n := len(result.AppendJSON(nil)); n > collect.MaxResultBytes {
		t.Errorf("%d bytes of JSON", n)
	}
	// How the bytes came in parts plays no part, and an examination says the same.
	again, _, err2 := read(func(o *output) { o.read(&bits{in}) })
	if fmt.Sprint(err) != fmt.Sprint(err2) || again.Status != r.Status || !slices.Equal(again.Metrics, r.Metrics) {
		t.Errorf("in parts: %+v, %v; whole: %+v, %v", again, err2, r, err)
	}
	x := examine([]byte(in), format, code, 0)
	if fmt.Sprint(err) != fmt.Sprint(x.Err) || x.Report.Status != r.Status || !slices.Equal(x.Report.Metrics, r.Metrics) {
		t.Errorf("examined: %+v; checked: %+v, %v", x, r, err)
	}
	if len(x.Faults) > 0 != (len(faults) > 0) || len(x.Faults) > maxFaults || len(faults) > 0 && x.Faults[0] != faults[0] {
		t.Errorf("examined: %+v; checked: %+v", x.Faults, faults)
	}
	for _, f := range x.Faults {
		if f.Line < 1 || f.Line > 1+strings.Count(in, "\n") || f.Text == "" {
			t.Errorf("fault %+v", f)
		}
	}
}

func FuzzLook(f *testing.F) {
	seed(f, "", "\n# c\nstatus fine\n", "OK\nmetric a int 1\n", "\ufeff{}")
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "", in, code) })
}

func FuzzNagios(f *testing.F) {
	seed(f, "x|'a''b'=1,5ms;@~:1;1:;U;-1e3 c=U d=1c\nl|e=1\nf=2", "|''=", "|a=1e99999999999999999999s", "x|a=0.1e-400us;;;;;;")
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "nagios", in, code) })
}

func FuzzCheckmk(f *testing.F) {
	seed(f, "cached(1,2) P 'a b' x=1;2:3;4:5|y=U t\\nu", "P \"\" -", "3 a")
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "checkmk", in, code) })
}

func FuzzPrometheus(f *testing.F) {
	seed(f, "# TYPE a counter\na{b=\"\\\\\\n\\\"\",} 0x1p-2 1 # {} 1", `{"q","l"="v"} -Inf`, "a{", "# TYPE \"\" x\n 1")
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "prometheus", in, code) })
}

func FuzzInflux(f *testing.F) {
	seed(f, `m\ ,a\==\,  s="\"\\",i=-0i,u=1u,b=t 1`, "m,", "m v=1,,", `m s="`)
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "influx", in, code) })
}

func FuzzJSON(f *testing.F) {
	seed(f, `[{"dimension":"d","a":{"b.":{"":-0.0e-0}}},{"status":"s","state":"unavailable"}] {"l":[{}]}`, "[", `{"a"`, "1e999", `{"a":1}}`)
	f.Fuzz(func(t *testing.T, in string, code int) { holds(t, "json", in, code) })
}
