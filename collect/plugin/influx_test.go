package plugin

import (
	"strings"
	"testing"
)

func TestInflux(t *testing.T) {
	for in, want := range map[string]string{
		"m v=1":     "[m]v double 1",
		"m v=1 123": "[m]v double 1", "m  v=1  -5": "[m]v double 1", "# c\n\nm v=1": "[m]v double 1",
		"m,b=2,a=1 v=1.50,w=-3i,x=4u,y=t,z=FALSE": "[m,a=1,b=2]v double 1.5, [m,a=1,b=2]w int64 -3, [m,a=1,b=2]x uint64 4, [m,a=1,b=2]y bool true, [m,a=1,b=2]z bool false",
		`m s="a \"b\", c=\\d",v=1`:                `[m]s string a "b", c=\d, [m]v double 1`,
		`m\ n\,o,t\=u=v\ w f\ g=1e3`:              `[m n\,o,t\=u=v w]f g double 1000`,
		`m,p=C:\x v=1`:                            `[m,p=C:\x]v double 1`,
		`m s="" 5`:                                "[m]s string",
		"m v=+5i":                                 "[m]v int64 5",
		"m v=18446744073709551615u":               "[m]v uint64 18446744073709551615",
	} {
		metrics, faults := metricsAndFaults(in, "influx")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

func TestInfluxFaults(t *testing.T) {
	for in, want := range map[string]string{
		",a=1 v=1":                 "the measurement is missing",
		"m":                        `field "" of "m" has no value`,
		"m 5":                      `field "5" of "m" has no value`,
		"m,a v=1":                  `tag "a" of "m" has no value`,
		"m,a= v=1":                 `tag "a" of "m" has no value`,
		"m,a=b=c v=1":              `tag "a" of "m" has no value`,
		"m =1":                     `field "" of "m" has no value`,
		"m v=":                     `field "v" of "m": "" is not a value`,
		"m v=x":                    `field "v" of "m": "x" is not a value`,
		"m v=NaN":                  `field "v" of "m": "NaN" is not a value`,
		"m v=0x10":                 `field "v" of "m": "0x10" is not a value`,
		"m v=1.5i":                 `field "v" of "m": "1.5i" is not a value`,
		"m v=-1u":                  `field "v" of "m": "-1u" is not a value`,
		"m v=9223372036854775808i": `field "v" of "m": "9223372036854775808i" is not a value`,
		"m v=1,":                   `field "" of "m" has no value`,
		`m s="a`:                   `field "s" of "m": the string has no closing quotation mark`,
		`m s="a"b`:                 `field "s" of "m": "b" follows the string`,
		"m,a=1,a=2 v=1":            `"m" has two tags "a"`,
		"z v=1 5":                  `there are two values for the metric "v" of "z"; the first stands`,
		"m v=0x1p-3":               `field "v" of "m": "0x1p-3" is not a value`,
		"m v=1 soon":               `"soon" of "m" is not a timestamp`,
		"m v=1 5 6":                `"5 6" of "m" is not a timestamp`,
	} {
		metrics, faults := metricsAndFaults("z v=1\n"+in, "influx")
		if len(faults) != 1 || faults[0] != "2: "+want || strings.Join(metrics, ", ") != "[z]v double 1" {
			t.Errorf("%q: %q, %q, want %q", in, metrics, faults, want)
		}
	}
}

// TestInfluxPointsStaySeparate: what is escaped in the line stays escaped in the dimension where it
// would separate tags.
func TestInfluxPointsStaySeparate(t *testing.T) {
	metrics, faults := metricsAndFaults(`m,a=1\,b\=2 v=1`+"\n"+`m,a=1,b=2 v=2`+"\n"+`m\,a=1 v=3`+"\nm,a=1 v=4\nm\\,a=1 v=5", "influx")
	want := `[m,a=1\,b=2]v double 1, [m,a=1,b=2]v double 2, [m\,a=1]v double 3, [m,a=1]v double 4`
	if got := strings.Join(metrics, ", "); got != want || len(faults) != 1 {
		t.Errorf("%s, %q", got, faults)
	}
	x := parseOutput([]byte("m v=1\nm v\nn v=2\n"), "influx", 0, 0)
	if x.Err != nil || x.Report.Status != `Line 2: field "v" of "m" has no value` || len(x.Report.Metrics) != 2 {
		t.Errorf("%+v", x)
	}
	x = parseOutput([]byte("m v\n"), "influx", 0, 0)
	if x.Err == nil || x.Err.Error() != `Line 1 is not in the format influx: field "v" of "m" has no value` {
		t.Errorf("%+v", x)
	}
}
