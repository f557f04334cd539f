package service

import (
	"encoding/json"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/schedule"
)

// document is that of RFC 6901, section 5, with the values of a status page.
const document = `{
	"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
	"up": true, "down": false, "nothing": null, "version": "1.2.3", "text number": " 42 ",
	"load": 0.25, "whole": 3.0, "large": 18446744073709551615, "larger": 18446744073709551616, "exp": 1.5e3, "grouped": "1_2", "hex fraction": "0x1p-3", "hex": "0x1f", "negative": -7,
	"queue": {"depth": 12, "of": [{"n": 1}, {"n": 2}]}
}`

func TestJSONPointer(t *testing.T) {
	page, err := decodeJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{
		"/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8",
		"/foo": `["bar","baz"]`, "/queue/of/1/n": "2",
		"/foo/2": "none", "/foo/-": "none", "/foo/-1": "none", "/foo/00": "none", "/foo/+1": "none", "/foo/0/x": "none",
		"/foo/99999999999999999999": "none", "/nothing": "none", "/missing": "none", "/queue/": "none", "/a~01b": "none",
	} {
		value, ok := findPointer(page, pointer)
		got := "none"
		if ok {
			text, _ := json.Marshal(value)
			got = string(text)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", pointer, got, want)
		}
	}
	if root, ok := findPointer(page, ""); !ok || len(root.(map[string]any)) != len(page.(map[string]any)) {
		t.Errorf("the whole document is %v", root)
	}
	for _, bad := range []string{"a", "#/a", "/~", "/a~2", "/~/x"} {
		if steps, err := splitPointer(bad); err == nil {
			t.Errorf("%q: %q", bad, steps)
		}
	}
}

func TestJSONMetric(t *testing.T) {
	for _, c := range []struct {
		pointer string
		t       collect.MetricType
		want    string // type and value; none where it does not fit
	}{
		{"/up", "", "bool true"}, {"/version", "", "string 1.2.3"}, {"/load", "", "double 0.25"}, {"/negative", "", "double -7"},
		{"/large", "", "double 18446744073709551615"},
		{"/up", collect.Gauge, "gauge 1"}, {"/down", collect.Uint32, "uint32 0"}, {"/up", collect.String, "string true"},
		{"/grouped", collect.Double, "none"}, {"/grouped", collect.Int64, "none"}, {"/hex fraction", collect.Gauge, "none"}, {"/hex", collect.Double, "double 31"},
		{"/version", collect.Gauge, "none"}, {"/version", collect.Bool, "none"},
		{"/text number", collect.Int64, "int64 42"}, {"/text number", collect.Double, "double 42"}, {"/text number", "", "string  42 "},
		{"/whole", collect.Int32, "int32 3"}, {"/exp", collect.Uint64, "uint64 1500"}, {"/exp", collect.Gauge, "gauge 1.5e3"},
		{"/load", collect.Int64, "none"}, {"/negative", collect.Uint64, "none"}, {"/negative", collect.Int32, "int32 -7"},
		{"/large", collect.Uint64, "uint64 18446744073709551615"}, {"/larger", collect.Uint64, "none"}, {"/large", collect.Int64, "none"},
		{"/load", collect.String, "string 0.25"}, {"/load", collect.Bool, "none"}, {"/foo", collect.String, "none"}, {"/queue", "", "none"},
	} {
		page, err := decodeJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		value, _ := findPointer(page, c.pointer)
		got := "none"
		if m, ok := jsonMetric(jsonSelector{t: c.t}, value); ok {
			got = string(m.Type) + " " + m.Value
		}
		if got != c.want {
			t.Errorf("%s as %q: %q, want %q", c.pointer, c.t, got, c.want)
		}
	}
}

func TestInvalidJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]string{
		"": "not JSON", "{": "not JSON", "<html>": "not JSON", "{} {}": "not one document of JSON", "1 x": "not one document of JSON",
		"NaN": "not JSON", deep(maxJSONDepth): "", deep(maxJSONDepth + 1): "not JSON of at most 64 levels",
		strings.Repeat("[", 1<<20): "not JSON of at most 64 levels", strings.Repeat(`{"a":`, 100): "not JSON of at most 64 levels",
		`"` + strings.Repeat(`[\"`, 100) + `"`: "", `[[],[],[]]`: "",
	} {
		got := ""
		if _, err := decodeJSON([]byte(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.40s: %q, want %q", text, got, want)
		}
	}
}

// TestSelectMetrics: a missing value is omitted and named; without any the check is unavailable.
func TestSelectMetrics(t *testing.T) {
	some := []jsonSelector{{name: "depth", pointer: "/queue/depth", t: collect.Gauge, unit: "jobs"}, {name: "gone", pointer: "/gone"},
		{name: "kind", pointer: "/version", t: collect.Gauge}}
	report, err := selectMetrics([]byte(document), some)
	if err != nil || report.Unavailable || report.Status != "2 of 3 metrics left out: gone (no /gone), kind (/version is not of its type)" {
		t.Errorf("%+v, %v", report, err)
	}
	checkMetrics(t, report.Metrics, "gauge jobs depth", "depth 12")
	report, err = selectMetrics([]byte(document), some[1:])
	if err != nil || !report.Unavailable || len(report.Metrics) > 0 || !strings.HasPrefix(report.Status, "2 of 2 metrics left out: ") {
		t.Errorf("%+v, %v", report, err)
	}
	if report, err = selectMetrics([]byte(document), some[:1]); err != nil || report.Status != "" {
		t.Errorf("%+v, %v", report, err)
	}
}

func FuzzJSONPage(f *testing.F) {
	f.Add([]byte(document), "/foo/0", "gauge")
	f.Add([]byte(`[[1e400,"0x10",true]]`), "/0/1", "uint64")
	f.Add([]byte(`{"~":{"/":-0}}`), "/~0/~1", "")
	f.Fuzz(func(t *testing.T, page []byte, pointer, kind string) {
		w, err := parseSelector("n", map[string]any{"path": pointer, "type": kind})
		if err != nil {
			return
		}
		report, err := selectMetrics(page, []jsonSelector{w})
		for _, m := range report.Metrics {
			if err != nil || !m.Valid() || (kind != "" && string(m.Type) != kind) {
				t.Errorf("%+v, %v", m, err)
			}
		}
		if err == nil && report.Unavailable != (len(report.Metrics) == 0) {
			t.Errorf("%+v", report)
		}
	})
}

func FuzzHTTPJSONDetails(f *testing.F) {
	f.Add(`{"a":"/b","c":{"path":"/d","type":"gauge","unit":"bytes"}}`, `{"X-Key":"value"}`)
	f.Add(`{"":"/b"}`, `{"a b":"\r\n"}`)
	f.Fuzz(func(t *testing.T, metrics, headers string) {
		d := schedule.Details{"metrics": metrics, "headers": headers}
		if all, err := readSelectors(d); err == nil && (len(all) == 0 || len(all) > maxSelectors) {
			t.Errorf("%d metrics", len(all))
		}
		if header, err := readHeaders(d); err == nil {
			for name, values := range header {
				if strings.ContainsAny(name+values[0], "\r\n") {
					t.Errorf("%q: %q", name, values)
				}
			}
		}
	})
}
