package plugin

import (
	"fmt"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, tt := range []struct {
		in   string
		code int
		want string
	}{
		{`{}`, 0, "json, available: \n"},
		{`{"a":1,"b":-1.50,"c":true,"d":"text","e":null,"f":18446744073709551615}`, 0,
			"json, available: \na double 1\nb double -1.5\nc bool true\nd string text\nf double 18446744073709551615\n"},
		{`{"status":"fine","state":"available","a":1}`, 0, "json, available: fine\na double 1\n"},
		{`{"status":"gone","state":"unavailable"}`, 0, "json, unavailable: gone\n"},
		{`{"status":200,"state":"running","dimension":7}`, 0, "json, available: \nstatus double 200\nstate string running\ndimension double 7\n"},
		{`{"status":"ponies"}`, 1, "json, unavailable: ponies\n"},
		{`{"a":1}`, 1, "json, unavailable: Plugin exited with non-zero status code (code=1)\n"},
		{`{"eth0":{"rx":{"bytes":1},"tx":2},"a.b":3,"z":4}`, 0, "json, available: \n[eth0.rx]bytes double 1\n[eth0]tx double 2\n[a]b double 3\nz double 4\n"},
		{`[{"dimension":"x","a":1},{"a":2,"in":{"b":3},"dimension":"y"}]`, 0, "json, available: \n[x]a double 1\n[y]a double 2\n[y.in]b double 3\n"},
		{"{\"a\":1}\n{\"b\":2}\n", 0, "json, available: \na double 1\nb double 2\n"},
		{"[]", 0, "json, available: \n"},
		{"\ufeff{\"a\":\"\\u0000\\ud800\"}", 0, "json, available: \na string \ufffd\ufffd\n"},

		{"\x1b[1;39m{\"a\":\x1b[0m1,\"s\":\"\\u001b[31mred\\u001b[0m\\n\"}", 0, "json, available: \na double 1\ns string red\n"},
		{`[{"a":1},{"a":2},{"dimension":"x","a":3}]`, 0, "json, available: Line 1: there are two values for the metric \"a\"; the first stands\na double 1\n[x]a double 3\n" +
			"line 1: there are two values for the metric \"a\"; the first stands\n"},
		{`{"b":[]}`, 0, "json, unavailable: Line 1 is not in the format json: \"b\" is a list\nline 1: \"b\" is a list\n"},

		{`{"a":1`, 0, "json, unavailable: Line 1 is not in the format json: the JSON ends too early\nline 1: the JSON ends too early\n"},
		{"[{}\n", 0, "json, unavailable: Line 1 is not in the format json: the JSON ends too early\nline 1: the JSON ends too early\n"},
		{"{\"a\":1,\n\"b\":[1,{\"c\":[]}],\n\"\":2,\n\"d.\":3,\n\"e\":1e999}\n7\n", 0,
			"json, available: Line 2: \"b\" is a list (and 4 more)\na double 1\n" +
				"line 2: \"b\" is a list\nline 3: \"\" is not a metric's name\nline 4: \"d.\" is not a metric's name\n" +
				"line 5: the number of \"e\" is too large: \"1e999\"\nline 6: \"7\" is not an object\n"},
		{"{\n\"a\":\n oops}", 0, "json, unavailable: Line 3 is not in the format json: invalid character 'o' looking for beginning of value\n" +
			"line 3: invalid character 'o' looking for beginning of value\n"},
		{"[[1]]", 0, "json, unavailable: Line 1 is not in the format json: a list within the list\nline 1: a list within the list\n"},
		{"{} x", 0, "json, unavailable: Line 1 is not in the format json: invalid character 'x' looking for beginning of value\n" +
			"line 1: invalid character 'x' looking for beginning of value\n"},
		{strings.Repeat(`{"a":`, maxJSONDepth) + "1" + strings.Repeat("}", maxJSONDepth), 0, "json, available: \n[a.a.a.a.a.a.a]a double 1\n"},
		{strings.Repeat(`{"a":`, maxJSONDepth+1) + "1" + strings.Repeat("}", maxJSONDepth+1), 0,
			"json, unavailable: Line 1 is not in the format json: nested more than 8 levels deep\nline 1: nested more than 8 levels deep\n"},
	} {
		if got := describe(parseOutput([]byte(tt.in), "json", tt.code, 0)); got != tt.want {
			t.Errorf("%q, code %d:\n%swant\n%s", tt.in, tt.code, got, tt.want)
		}
	}
}

// TestJSONLimits: hostile texts neither exhaust the stack nor yield more than the limits allow.
func TestJSONLimits(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("[", MaxOutputBytes), strings.Repeat(`{"a":`, MaxOutputBytes/5), `{"a":` + strings.Repeat("[", MaxOutputBytes-5),
		strings.Repeat("1 ", MaxOutputBytes/2), strings.Repeat("[1]\n", MaxOutputBytes/4), "{" + strings.Repeat(`"":1,`, MaxOutputBytes/5-1) + `"a":1}`,
	} {
		if x := parseOutput([]byte(in), "json", 0, 0); x.Err == nil || len(x.Faults) > maxFaults {
			t.Errorf("%.10q: %v, %d faults", in, x.Err, len(x.Faults))
		}
	}
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, `,"m%d":1`, i)
	}
	x := parseOutput([]byte("{"+b.String()[1:]+"}"), "", 0, 0)
	if x.Report.Status != noteMetricsCut || x.Err != nil {
		t.Errorf("%q, %v", x.Report.Status, x.Err)
	}
	x = parseOutput([]byte(`{"a":"`+strings.Repeat("x", MaxOutputBytes)), "", 0, 0)
	if x.Err == nil || x.Err.Error() != "Output cut at 1 MiB, which leaves the JSON incomplete" || x.Format != "json" {
		t.Errorf("%s, %.100v", x.Format, x.Err)
	}
}

// TestJSONPathsStaySeparate: values at different paths that have one name are both sent, by their
// exact paths, in whatever order they come.
func TestJSONPathsStaySeparate(t *testing.T) {
	for in, want := range map[string]string{
		`{"a.b":1,"a":{"b":2}}`:                                     `a\.b double 1, [a]b double 2`,
		`{"a":{"b":2},"a.b":1}`:                                     `[a]b double 2, a\.b double 1`,
		`{"a.b":1,"a":{"b":2},"z":1}`:                               `a\.b double 1, [a]b double 2, z double 1`,
		`{"a.b":{"c":1},"a":{"b.c":2}}`:                             `[a\.b]c double 1, [a]b\.c double 2`,
		`[{"dimension":"a.b","c":1},{"dimension":"a","b":{"c":2}}]`: `[a\.b]c double 1, [a.b]c double 2`,
	} {
		for _, filler := range []int{0, maxSearched} { // both ways of searching
			text := in
			for i := range filler {
				text = fmt.Sprintf(`{"f%d":0}`, i) + text
			}
			metrics, faults := metricsAndFaults(text, "json")
			if got := strings.Join(metrics[filler:], ", "); got != want || len(faults) != 1 || !strings.Contains(faults[0], "two values have the name") {
				t.Errorf("%s: %s, %q, want %s", in, got, faults, want)
			}
		}
	}
	for _, filler := range []int{0, maxSearched} { // a third value for the path that was renamed
		text := `{"a.b":1,"a":{"b":2},"a.b":3}`
		for i := range filler {
			text = fmt.Sprintf(`{"f%d":0}`, i) + text
		}
		metrics, faults := metricsAndFaults(text, "json")
		if got := strings.Join(metrics[filler:], ", "); got != `a\.b double 1, [a]b double 2` || len(faults) != 3 {
			t.Errorf("%s, %q", got, faults)
		}
	}
	if metrics, faults := metricsAndFaults(`{"a.b":1,"a.b":2}`, "json"); strings.Join(metrics, ", ") != "[a]b double 1" || len(faults) != 1 || !strings.Contains(faults[0], "the first stands") {
		t.Errorf("%q, %q", metrics, faults)
	}
}
