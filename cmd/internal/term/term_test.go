package term

import (
	"strings"
	"testing"
	"time"
)

func TestValue(t *testing.T) {
	for _, tc := range []struct {
		metricType, value, unit, want string
	}{
		{"gauge", "16707923968", "bytes", "15.6 GiB"},
		{"int64", "512", "kilobytes", "512 KiB"},
		{"double", "12.3456", "percent", "12.3 %"},
		{"double", "0.25", "milliseconds", "0.25 ms"},
		{"uint64", "90", "seconds", "1m30s"},
		{"uint64", "8", "count", "8"},
		{"string", "rw,noatime", "", "rw,noatime"},
		{"double", "x", "", "x"},
	} {
		if got := Value(tc.metricType, tc.value, tc.unit); got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                 "0s",
		250 * time.Millisecond:            "250ms",
		300 * time.Microsecond:            "<1ms",
		1500 * time.Millisecond:           "1.5s",
		200 * time.Second:                 "3m20s",
		2*time.Hour + 5*time.Minute:       "2h5m",
		12*24*time.Hour + 3*time.Hour + 9: "12d3h",
		-time.Minute:                      "-1m",
	} {
		if got := Age(d); got != want {
			t.Errorf("Age(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAllowsColor(t *testing.T) {
	for _, tc := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}, {"", "", true}} {
		got := allowsColor(func(name string) string { return map[string]string{"NO_COLOR": tc.noColor, "TERM": tc.term}[name] })
		if got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
	if UseColor(new(strings.Builder), func(string) string { return "" }) {
		t.Error("colours without a terminal")
	}
}

func TestLastColumnIsNotPadded(t *testing.T) {
	var tab Table
	tab.Row("a", "long")
	tab.Row("bb", "x")
	var b strings.Builder
	if err := tab.Write(&b, false); err != nil || b.String() != "a   long\nbb  x\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestTable(t *testing.T) {
	var tab Table
	tab.Right(1)
	tab.Row("check", "took")
	tab.Cells(Cell{Text: "a\x1b[2Jb", Color: Good}, Cell{Text: "7ms"})
	var b strings.Builder
	if err := tab.Write(&b, false); err != nil {
		t.Fatal(err)
	}
	want := "check   took\na [2Jb   7ms\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	b.Reset()
	if err := tab.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[32ma [2Jb\x1b[0m") {
		t.Errorf("no colour in %q", b.String())
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 results wait", 1: "1 result waits", 2: "2 results wait"} {
		if got := Count(n, "result waits", "results wait"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
