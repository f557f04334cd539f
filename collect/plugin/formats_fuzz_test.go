package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"virgo/collect"
)

// addSeeds adds the captured outputs and texts that are special in a format to the corpus.
func addSeeds(f *testing.F, special ...string) {
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
	for _, text := range special {
		f.Add(text, 2)
	}
}

// checkInvariants parses an output and checks what must hold for every report.
func checkInvariants(t *testing.T, format, in string, code int) {
	t.Helper()
	parse := func(read func(o *output)) (collect.Report, []Fault, error) {
		g, err := newFormat(format, false)
		if err != nil {
			t.Fatal(err)
		}
		o := newOutput(g)
		read(o)
		r, err := g.report(exit{code: code}, o.truncated)
		_, faults := g.diagnosis()
		return r, faults, err
	}
	r, faults, err := parse(func(o *output) { o.read(strings.NewReader(in)) })
	var text failure
	switch {
	case err != nil && (!errors.As(err, &text) || text == ""):
		t.Errorf("error %#v has no text", err)
	case len(r.Metrics) > 0 && (err != nil || r.Unavailable && format != "virgo" && format != "json" && code != 0):
		t.Errorf("error %v, unavailable %v with metrics", err, r.Unavailable)
	case len(faults) > 1:
		t.Errorf("more faults than the first: %+v", faults)
	}
	for _, m := range r.Metrics {
		if m.Name == "" || !m.Valid() || strings.Contains(m.Name+m.Dimension+m.Unit+m.Value, "\x00") {
			t.Errorf("metric %+v", m)
		}
	}
	seen := make(map[[2]string]bool)
	for _, m := range r.Metrics {
		if seen[[2]string{m.Dimension, m.Name}] {
			t.Errorf("%q of %q is there twice", m.Name, m.Dimension)
		}
		seen[[2]string{m.Dimension, m.Name}] = true
	}
	texts := r.Status
	for _, m := range r.Metrics {
		texts += m.Dimension + m.Name + m.Value + m.Unit
	}
	if i := strings.IndexFunc(texts, unicode.IsControl); i >= 0 {
		t.Errorf("a control character: %q", texts[i:min(len(texts), i+20)])
	}
	if len(r.Metrics) > collect.MaxMetrics {
		t.Errorf("%d metrics", len(r.Metrics))
	}
	result := collect.Result{CheckType: TypeName, State: collect.Available, Status: r.Status, Metrics: r.Metrics}
	if n := len(result.AppendJSON(nil)); n > collect.MaxResultBytes {
		t.Errorf("%d bytes of JSON", n)
	}
	// The result does not depend on the sizes of the reads, and is the same where all faults are
	// kept.
	again, _, err2 := parse(func(o *output) { o.read(&smallReads{in}) })
	if fmt.Sprint(err) != fmt.Sprint(err2) || again.Status != r.Status || !slices.Equal(again.Metrics, r.Metrics) {
		t.Errorf("in parts: %+v, %v; whole: %+v, %v", again, err2, r, err)
	}
	x := parseOutput([]byte(in), format, code, 0)
	if fmt.Sprint(err) != fmt.Sprint(x.Err) || x.Report.Status != r.Status || !slices.Equal(x.Report.Metrics, r.Metrics) {
		t.Errorf("all faults: %+v; first fault: %+v, %v", x, r, err)
	}
	if len(x.Faults) > 0 != (len(faults) > 0) || len(x.Faults) > maxFaults || len(faults) > 0 && x.Faults[0] != faults[0] {
		t.Errorf("all faults: %+v; first fault: %+v", x.Faults, faults)
	}
	for _, f := range append(faults, x.Faults...) {
		if f.Line < 1 || f.Line > 1+strings.Count(in, "\n") || f.Text == "" {
			t.Errorf("fault %+v", f)
		}
	}
}

func FuzzDetect(f *testing.F) {
	addSeeds(f, "", "\n# c\nstatus fine\n", "OK\nmetric a int 1\n", "\ufeff{}")
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "", in, code) })
}

func FuzzNagios(f *testing.F) {
	addSeeds(f, "x|'a''b'=1,5ms;@~:1;1:;U;-1e3 c=U d=1c\nl|e=1\nf=2", "|''=", "|a=1e99999999999999999999s", "x|a=0.1e-400us;;;;;;")
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "nagios", in, code) })
}

func FuzzCheckmk(f *testing.F) {
	addSeeds(f, "cached(1,2) P 'a b' x=1;2:3;4:5|y=U t\\nu", "P \"\" -", "3 a")
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "checkmk", in, code) })
}

func FuzzPrometheus(f *testing.F) {
	addSeeds(f, "# TYPE a counter\na{b=\"\\\\\\n\\\"\",} 0x1p-2 1 # {} 1", `{"q","l"="v"} -Inf`, "a{", "# TYPE \"\" x\n 1")
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "prometheus", in, code) })
}

func FuzzInflux(f *testing.F) {
	addSeeds(f, `m\ ,a\==\,  s="\"\\",i=-0i,u=1u,b=t 1`, "m,", "m v=1,,", `m s="`)
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "influx", in, code) })
}

func FuzzJSON(f *testing.F) {
	addSeeds(f, `[{"dimension":"d","a":{"b.":{"":-0.0e-0}}},{"status":"s","state":"unavailable"}] {"l":[{}]}`, "[", `{"a"`, "1e999", `{"a":1}}`)
	f.Fuzz(func(t *testing.T, in string, code int) { checkInvariants(t, "json", in, code) })
}
