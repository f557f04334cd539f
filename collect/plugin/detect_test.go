package plugin

import (
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		in   string
		code int
		want string
	}{
		{"", 0, "virgo"}, {"", 2, "virgo"}, {"\n\n", 0, "virgo"},
		{"status ok fine\n", 0, "virgo"}, {"status fine\n", 2, "virgo"}, {"state available\n", 0, "virgo"}, {"timestamp 1\n", 0, "virgo"},
		{"metric value=1\n", 0, "virgo"}, {"status OK - fine | a=1\n", 0, "virgo"}, {"status 1\n", 0, "virgo"}, {"status\n", 0, "virgo"},
		{"\ufeffstatus fine\n", 0, "virgo"}, {"hello world\n", 0, "virgo"}, {"hello world\n", 1, "virgo"}, {"hello world\n", 4, "virgo"},
		{"  metric a int 1\n", 0, "virgo"}, {"Users: 5\n", 0, "virgo"}, {"# only a comment\n", 0, "virgo"}, {"all is ok\n", 0, "virgo"}, {"a | b\n", 0, "virgo"},
		{"Traceback (most recent call last):\n", 1, "virgo"}, {"-1\n", -1, "virgo"},

		{"hello world\n", 2, "nagios"}, {"hello world\n", 3, "nagios"}, {"\nOK - fine\n", 0, "nagios"},
		{"OK - fine\n", 0, "nagios"}, {"PING OK - fine\n", 1, "nagios"}, {"DISK CRITICAL: full\n", 2, "nagios"}, {"(WARN) so-so\n", 1, "nagios"},
		{"Log check ok - 0 found\n", 0, "nagios"}, {"check ok: fine\n", 0, "nagios"}, {"load|load=1\n", 0, "nagios"}, {"OK 200\n", 0, "nagios"},
		{"OK time=5\n", 0, "nagios"}, {"x | 'a b'=1;2;3\n", 126, "nagios"}, {"[OK] fine\n", 0, "nagios"},
		{"WARNING: an old option\nstatus fine\nmetric a int 1\n", 0, "virgo"}, {"what is this\nmetric a int 1\n", 2, "virgo"},
		{"OK | a=1\nstate of all\n", 0, "nagios"},

		{"0 web - fine\n", 0, "checkmk"}, {"P \"my web\" t=1;2;3\n", 0, "checkmk"}, {"cached(1,2) 3 web -\n", 0, "checkmk"}, {"0 is it\n", 0, "virgo"},
		{"4 web - fine\n", 0, "virgo"}, {"0 web\n", 0, "virgo"},

		{"# HELP a b\n", 0, "prometheus"}, {"# TYPE a gauge\n", 1, "prometheus"}, {"a 1\n", 0, "prometheus"}, {"a{b=\"c\"} NaN 1700000000000\n", 0, "prometheus"},
		{"# by hand\n\na 1\n", 0, "prometheus"}, {`{"a.b",c="d"} 1`, 0, "prometheus"}, {"# TYPE\n", 0, "virgo"},

		{"{\n", 0, "json"}, {" {\"a\":1}\n", 0, "json"}, {"[\n{}]\n", 0, "json"}, {"[]\n", 0, "json"}, {"[{}]\n", 0, "json"}, {"\ufeff{}\n", 0, "json"},
		{"[1]\n", 0, "virgo"},

		{"cpu,cpu=cpu0 usage=1.5,n=2i 1568760922000000000\n", 0, "influx"}, {"cpu usage=1\n", 1, "influx"}, {"# by hand\ncpu usage=1\n", 0, "influx"},
		{"cpu usage=1s\n", 0, "virgo"},
	} {
		if x := parseOutput([]byte(tt.in), "", tt.code, 0); x.Format != tt.want {
			t.Errorf("%q, code %d: detected %s, want %s", tt.in, tt.code, x.Format, tt.want)
		}
	}
}

// TestDetectPassesBufferedLines: the lines before the one that decides are read by the format that
// was chosen.
func TestDetectPassesBufferedLines(t *testing.T) {
	for in, want := range map[string]string{
		"\nstatus fine\n":             "virgo, unavailable: Unrecognized line \"\"\nline 1: Unrecognized line \"\"\n",
		"# one\n\nhello\n":            "virgo, unavailable: Unrecognized line \"# one\"\nline 1: Unrecognized line \"# one\"\nline 2: Unrecognized line \"\"\nline 3: Unrecognized line \"hello\"\n",
		"\r\n# one\r\na 1\r\na x\r\n": "prometheus, unavailable: Line 4 is not in the format prometheus: \"x\" of metric \"a\" is not a number\nline 4: \"x\" of metric \"a\" is not a number\n",
		"\n\n{\"a\":1,\n\"b\":[]}":    "json, available: Line 4: \"b\" is a list\na double 1\nline 4: \"b\" is a list\n",
		"\nOK - fine\n":               "nagios, available: OK - fine\nplugin_state string ok\n",
	} {
		if got := describe(parseOutput([]byte(in), "", 0, 0)); got != want {
			t.Errorf("%q:\n%swant\n%s", in, got, want)
		}
	}
}

// TestNamedFormat: a format that is named is used whatever the output looks like.
func TestNamedFormat(t *testing.T) {
	for _, name := range Formats() {
		x := parseOutput([]byte("status fine\n"), name, 0, 0)
		if x.Format != name {
			t.Errorf("%s was parsed as %s", name, x.Format)
		}
		if valid := x.Err == nil; valid != (name == "virgo" || name == "nagios") {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if x := parseOutput(nil, "xml", 0, 0); x.Err == nil || !strings.Contains(x.Err.Error(), "virgo, nagios, checkmk, prometheus, influx, json") {
		t.Errorf("%+v", x)
	}
}

func TestDetectBuffersLittle(t *testing.T) {
	for _, in := range []string{strings.Repeat("\n", MaxOutputBytes), strings.Repeat("# c\n", MaxOutputBytes/4), "# " + strings.Repeat("c", MaxOutputBytes)} {
		d := &detector{}
		o := newOutput(d)
		o.read(strings.NewReader(in))
		if cap(d.buffered) > 4*maxBufferedBytes {
			t.Errorf("%.4q: %d bytes were buffered", in, cap(d.buffered))
		}
		if _, err := d.report(exit{}, o.truncated); err == nil || !strings.HasPrefix(err.Error(), "Unrecognized line ") {
			t.Errorf("%.4q: %v", in, err)
		}
	}
}

// TestAllFaultsOfVirgo: the check reports the first fault, a trial every fault with its line.
func TestAllFaultsOfVirgo(t *testing.T) {
	const in = "status fine\nmetric a\nhello\nmetric b int 1\nstate up\nmetric c int x\nmetric d what 1\ntimestamp now\n"
	const want = "virgo, unavailable: " + badMetric + "\n" +
		"line 2: " + badMetric + "\n" +
		"line 3: Unrecognized line \"hello\"\n" +
		"line 5: " + badState + "\n" +
		"line 6: Invalid \"<value> [<unit>]\" combination \"x\" for a non-string metric\n" +
		"line 7: Invalid type \"what\" for metric \"d\"\n" +
		"line 8: " + badTimestamp + "\n"
	if got := describe(parseOutput([]byte(in), "", 0, 0)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if x := parseOutput([]byte(strings.Repeat("x\n", 2*maxFaults)), "", 0, 0); len(x.Faults) != maxFaults {
		t.Errorf("%d faults were kept", len(x.Faults))
	}
}
