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

		{`{"a":1`, 0, "json, unavailable: Line 1 is not in the format json: the JSON has no end\nline 1: the JSON has no end\n"},
		{"[{}\n", 0, "json, unavailable: Line 1 is not in the format json: the JSON has no end\nline 1: the JSON has no end\n"},
		{"{\"a\":1,\n\"b\":[1,{\"c\":[]}],\n\"\":2,\n\"d.\":3,\n\"e\":1e999}\n7\n", 0,
			"json, unavailable: Line 2 is not in the format json: \"b\" is a list\n" +
				"line 2: \"b\" is a list\nline 3: \"\" is no metric's name\nline 4: \"d.\" is no metric's name\n" +
				"line 5: \"e\" is too large a number: \"1e999\"\nline 6: \"7\" is no object\n"},
		{"{\n\"a\":\n oops}", 0, "json, unavailable: Line 3 is not in the format json: invalid character 'o' looking for beginning of value\n" +
			"line 3: invalid character 'o' looking for beginning of value\n"},
		{"[[1]]", 0, "json, unavailable: Line 1 is not in the format json: a list stands within the list\nline 1: a list stands within the list\n"},
		{"{} x", 0, "json, unavailable: Line 1 is not in the format json: invalid character 'x' looking for beginning of value\n" +
			"line 1: invalid character 'x' looking for beginning of value\n"},
		{strings.Repeat(`{"a":`, maxJSONDepth) + "1" + strings.Repeat("}", maxJSONDepth), 0, "json, available: \n[a.a.a.a.a.a.a]a double 1\n"},
		{strings.Repeat(`{"a":`, maxJSONDepth+1) + "1" + strings.Repeat("}", maxJSONDepth+1), 0,
			"json, unavailable: Line 1 is not in the format json: objects lie more than 8 deep in one another\nline 1: objects lie more than 8 deep in one another\n"},
	} {
		if got := told(examine([]byte(tt.in), "json", tt.code, 0)); got != tt.want {
			t.Errorf("%q, code %d:\n%swant\n%s", tt.in, tt.code, got, tt.want)
		}
	}
}

// Hostile texts are read to no depth, and no more is kept of them than is told.
func TestJSONIsBounded(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("[", MaxOutputBytes), strings.Repeat(`{"a":`, MaxOutputBytes/5), `{"a":` + strings.Repeat("[", MaxOutputBytes-5),
		strings.Repeat("1 ", MaxOutputBytes/2), strings.Repeat("[1]\n", MaxOutputBytes/4), "{" + strings.Repeat(`"":1,`, MaxOutputBytes/5-1) + `"a":1}`,
	} {
		if x := examine([]byte(in), "json", 0, 0); x.Err == nil || len(x.Faults) > maxFaults {
			t.Errorf("%.10q: %v, %d faults", in, x.Err, len(x.Faults))
		}
	}
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, `,"m%d":1`, i)
	}
	x := examine([]byte("{"+b.String()[1:]+"}"), "", 0, 0)
	if x.Report.Status != cutAtMetrics || x.Err != nil {
		t.Errorf("%q, %v", x.Report.Status, x.Err)
	}
	x = examine([]byte(`{"a":"`+strings.Repeat("x", MaxOutputBytes)), "", 0, 0)
	if x.Err == nil || x.Err.Error() != "Output cut at 1 MiB, which is no whole JSON" || x.Format != "json" {
		t.Errorf("%s, %.100v", x.Format, x.Err)
	}
}
