package plugin

import "testing"

func TestCheckmk(t *testing.T) {
	for _, tt := range []struct {
		in           string
		code, signal int
		want         string
	}{
		{"0 web t=0.5s;1;2 fine today\n", 1, 0, "checkmk, available: web: fine today\n[web]plugin_state string ok\n[web]t double 0.5 seconds\n"},
		{"2 'my web' -\n", 0, 0, "checkmk, unavailable: my web\n"},
		{"3 web - no idea\\nmore of it\n", 0, 0, "checkmk, unavailable: web: no idea\n"},
		{"2 web t=1 gone\n", 0, 0, "checkmk, available: web: gone\n[web]plugin_state string critical\n[web]t double 1\n"},
		{"2 web - gone\n1 db - slow\n", 0, 0, "checkmk, available: 2 of 2 services not ok: web: gone\n[web]plugin_state string critical\n[db]plugin_state string warning\n"},
		{"3 web - ?\n2 db - gone\n", 0, 0, "checkmk, unavailable: 2 of 2 services not ok: db: gone\n"},
		{"0 web - a\n\n0  db   -   b\n", 0, 0, "checkmk, available: All 2 services are ok\n[web]plugin_state string ok\n[db]plugin_state string ok\n"},
		{"P t a=5;5;9|b=1\n", 0, 0, "checkmk, available: t\n[t]plugin_state string warning\n[t]a double 5\n[t]b double 1\n"},
		{"P t a=9;5;9\n", 0, 0, "checkmk, available: t\n[t]plugin_state string critical\n[t]a double 9\n"},
		{"P t a=4;4:8;2:10 x\n", 0, 0, "checkmk, available: t: x\n[t]plugin_state string ok\n[t]a double 4\n"},
		{"P t a=3;4:8;2:10 x\n", 0, 0, "checkmk, available: t: x\n[t]plugin_state string warning\n[t]a double 3\n"},
		{"P t a=1;4:8;2:10 x\n", 0, 0, "checkmk, available: t: x\n[t]plugin_state string critical\n[t]a double 1\n"},
		{"0 t a=U|b=1,5;;;0;9 x\n", 0, 0, "checkmk, available: t: x\n[t]plugin_state string ok\n[t]b double 1.5\n"},
		{"0 s a=nan|b=-inf;1;2|c=1 ok\n2 t b=1 bad\n", 0, 0, "checkmk, available: 1 of 2 services not ok: t: bad\n[s]plugin_state string ok\n[s]c double 1\n[t]plugin_state string critical\n[t]b double 1\n"},
		{"0 s a=|b=;1;2 ok\n2 t b=1 bad\n", 0, 0, "checkmk, available: 1 of 2 services not ok: t: bad\n[s]plugin_state string ok\n[s]a double 0\n[s]b double 0\n[t]plugin_state string critical\n[t]b double 1\n"},
		{"P s bad|n=5;1;2 up\n", 0, 0, "checkmk, available: Line 1: \"bad\" of service \"s\" is not metric=value: s: up\n[s]plugin_state string critical\n[s]n double 5\nline 1: \"bad\" of service \"s\" is not metric=value\n"},
		{"NOK web - fine\n", 0, 0, "checkmk, unavailable: Line 1: state \"NOK\" is not one of 0, 1, 2, 3 and P: web: fine\nline 1: state \"NOK\" is not one of 0, 1, 2, 3 and P\n"},
		{"what is this\n", 0, 0, "checkmk, unavailable: Line 1 is not in the format checkmk: state \"what\" is not one of 0, 1, 2, 3 and P\nline 1: state \"what\" is not one of 0, 1, 2, 3 and P\n"},
		{"0 s a=1|a=2|plugin_state=3\n2 s - again\n", 0, 0, "checkmk, available: Line 1: there are two values for the metric \"a\" of \"s\"; the first stands (and 2 more): 1 of 2 services not ok: s: again\n" +
			"[s]plugin_state string ok\n[s]a double 1\nline 1: there are two values for the metric \"a\" of \"s\"; the first stands\n" +
			"line 1: there are two values for the metric \"plugin_state\" of \"s\"; the first stands\nline 2: there are two values for the metric \"plugin_state\" of \"s\"; the first stands\n"},
		{"", 0, 0, "checkmk, available: \n"},
		{"", 127, 0, "checkmk, unavailable: Plugin exited with non-zero status code (code=127)\n"},
		{"0 web - fine\n", 0, 9, "checkmk, unavailable: Plugin was ended by signal 9 (killed)\n"},
		{"0 web - fine\nwhat\n4 a -\nP\n0 b\n0 c d\n0 'e\n0 '' -\n0 f g=x\n0 h i=1|j\ncached(1 0 k -\n", 0, 0,
			"checkmk, available: Line 2: state \"what\" is not one of 0, 1, 2, 3 and P (and 9 more): 3 of 5 services not ok: a\n" +
				"[web]plugin_state string ok\n[a]plugin_state string unknown\n[c]plugin_state string unknown\n" +
				"[f]plugin_state string ok\n[h]plugin_state string unknown\n[h]i double 1\n" +
				"line 2: state \"what\" is not one of 0, 1, 2, 3 and P\n" +
				"line 3: state \"4\" is not one of 0, 1, 2, 3 and P\n" +
				"line 4: the service's name is missing\n" +
				"line 5: service \"b\" has no metrics; \"-\" stands for none\n" +
				"line 6: \"d\" of service \"c\" is not metric=value\n" +
				"line 7: the name \"'e\" is not closed by a quotation mark\n" +
				"line 8: the service's name is empty\n" +
				"line 9: \"x\" of \"g\" is not a number with a unit\n" +
				"line 10: \"j\" of service \"h\" is not metric=value\n" +
				"line 11: \"cached(\" is not closed\n"},
	} {
		if got := describe(parseOutput([]byte(tt.in), "checkmk", tt.code, tt.signal)); got != tt.want {
			t.Errorf("%q, code %d, signal %d:\n%swant\n%s", tt.in, tt.code, tt.signal, got, tt.want)
		}
	}
}
