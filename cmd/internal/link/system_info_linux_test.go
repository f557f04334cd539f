package link

import (
	"reflect"
	"testing"
)

func TestParseCPUInfo(t *testing.T) {
	x86 := "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\ncpu MHz\t\t: 2095.078\ncpu cores\t: 4\n\n" +
		"processor\t: 1\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\ncpu MHz\t\t: 800\ncpu cores\t: 4\n"
	arm := "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nfeatures: no colon value\n"
	for name, tc := range map[string]struct {
		in   string
		want []CPUInfo
	}{
		"x86":     {x86, []CPUInfo{{"GenuineIntel", "Xeon", 2095.078, 4}, {"GenuineIntel", "Xeon", 800, 4}}},
		"arm":     {arm, []CPUInfo{{"0x41", "", 0, 1}}},
		"empty":   {"", []CPUInfo{}},
		"garbage": {"cpu cores: x\n:::\n", []CPUInfo{}},
	} {
		if got := parseCPUInfo([]byte(tc.in)); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestParseOSReleaseAndBootTime(t *testing.T) {
	vendor, version := parseOSRelease([]byte("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\nVERSION_ID=\"12\"\n"))
	if vendor != "debian" || version != "12" {
		t.Errorf("got %q %q", vendor, version)
	}
	if got := parseBootTime([]byte("cpu 1 2 3\nbtime 1700000000\nprocesses 5\n")); got != 1_700_000_000 {
		t.Errorf("boot time %d", got)
	}
	if got := parseBootTime([]byte("btime soon\n")); got != 0 {
		t.Errorf("boot time of nonsense %d", got)
	}
}
