package procfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadMemInfo(t *testing.T) {
	const old = "MemTotal:      4096 kB\nMemFree:        100 kB\nBuffers:         20 kB\nCached:         300 kB\nSwapCached:     7 kB\n" +
		"SwapTotal:      1024 kB\nSwapFree:        512 kB\nHugePages_Total:     3\n"
	for name, c := range map[string]struct {
		text, fault string
		want        MemInfo
	}{
		"Linux 3.2":  {old, "", MemInfo{4096 << 10, 100 << 10, 420 << 10, 1024 << 10, 512 << 10}},
		"Linux 3.14": {old + "MemAvailable:     50 kB\n", "", MemInfo{4096 << 10, 100 << 10, 50 << 10, 1024 << 10, 512 << 10}},
		"none free":  {"MemTotal: 1 kB\nMemAvailable: 0 kB\nCached: 9 kB", "", MemInfo{Total: 1 << 10}},
		"empty":      {"", "", MemInfo{}},
		"no number":  {"MemTotal:  x kB\n", `"MemTotal:  x kB" is no size in kB`, MemInfo{}},
		"no size":    {"MemTotal:\n", "is no size in kB", MemInfo{}},
		"too large":  {"MemTotal: 18446744073709551615 kB\n", "is no size in kB", MemInfo{}},
		"not there":  {"-", "no such file", MemInfo{}},
	} {
		path := filepath.Join(t.TempDir(), "meminfo")
		if c.text != "-" {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		m, err := ReadMemInfo(path)
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v, want %q", name, err, c.fault)
		}
		if err == nil && m != c.want {
			t.Errorf("%s: %+v, want %+v", name, m, c.want)
		}
	}
}
