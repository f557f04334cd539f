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
		`m\ n\,o,t\=u=v\ w f\ g=1e3`:              "[m n,o,t=u=v w]f g double 1000",
		`m,p=C:\x v=1`:                            `[m,p=C:\x]v double 1`,
		`m s="" 5`:                                "[m]s string",
		"m v=+5i":                                 "[m]v int64 5",
		"m v=18446744073709551615u":               "[m]v uint64 18446744073709551615",
	} {
		metrics, faults := parsed(in, "influx")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

func TestInfluxFaults(t *testing.T) {
	for in, want := range map[string]string{
		",a=1 v=1":                 "no measurement is named",
		"m":                        `field "" of "m" has no value`,
		"m 5":                      `field "5" of "m" has no value`,
		"m,a v=1":                  `tag "a" of "m" has no value`,
		"m,a= v=1":                 `tag "a" of "m" has no value`,
		"m,a=b=c v=1":              `tag "a" of "m" has no value`,
		"m =1":                     `field "" of "m" has no value`,
		"m v=":                     `field "v" of "m": "" is no value`,
		"m v=x":                    `field "v" of "m": "x" is no value`,
		"m v=NaN":                  `field "v" of "m": "NaN" is no value`,
		"m v=0x10":                 `field "v" of "m": "0x10" is no value`,
		"m v=1.5i":                 `field "v" of "m": "1.5i" is no value`,
		"m v=-1u":                  `field "v" of "m": "-1u" is no value`,
		"m v=9223372036854775808i": `field "v" of "m": "9223372036854775808i" is no value`,
		"m v=1,":                   `field "" of "m" has no value`,
		`m s="a`:                   `field "s" of "m": the text is not closed by a quotation mark`,
		`m s="a"b`:                 `field "s" of "m": "b" follows the text`,
		"m v=1 soon":               `"soon" of "m" is no timestamp`,
		"m v=1 5 6":                `"5 6" of "m" is no timestamp`,
	} {
		metrics, faults := parsed("z v=1\n"+in, "influx")
		if len(faults) != 1 || faults[0] != "2: "+want || metrics != nil {
			t.Errorf("%q: %q, %q, want %q", in, metrics, faults, want)
		}
	}
}
