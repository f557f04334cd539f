package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

// groupTree makes a host of these files, below proc and sys.
func groupTree(t *testing.T, files map[string]string) (proc, sys string) {
	t.Helper()
	dir := t.TempDir()
	for file, text := range files {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir + "/proc", dir + "/sys"
}

const unlimitedText = "9223372036854771712"

func TestMemoryOfVersion1Groups(t *testing.T) {
	const folder = "sys/fs/cgroup/memory/"
	for name, c := range map[string]struct {
		files map[string]string
		want  Memory
	}{
		"a unit in a slice": {map[string]string{
			"proc/self/cgroup":                         "4:memory:/s/u\n0::/s/u",
			folder + "memory.limit_in_bytes":           unlimitedText,
			folder + "s/memory.limit_in_bytes":         "4000",
			folder + "s/memory.usage_in_bytes":         "3000",
			folder + "s/memory.stat":                   "cache 1\ninactive_file 7\ntotal_inactive_file 500",
			folder + "s/memory.memsw.limit_in_bytes":   "4600",
			folder + "s/memory.memsw.usage_in_bytes":   "3100",
			folder + "s/u/memory.limit_in_bytes":       unlimitedText,
			folder + "s/u/memory.usage_in_bytes":       "1000",
			folder + "memory.memsw.limit_in_bytes":     unlimitedText,
			folder + "s/u/memory.memsw.usage_in_bytes": "1",
		}, Memory{Limited: true, Limit: 4000, Used: 3000, Available: 1500, SwapLimited: true, SwapLimit: 600, SwapUsed: 100}},
		"a container without a namespace": {map[string]string{
			"proc/self/cgroup":               "4:memory:/docker/abc",
			folder + "memory.limit_in_bytes": "4000",
			folder + "memory.usage_in_bytes": "5000",
		}, Memory{Limited: true, Limit: 4000, Used: 5000}},
		"the host":            {map[string]string{"proc/self/cgroup": "4:memory:/", folder + "memory.limit_in_bytes": unlimitedText, folder + "memory.usage_in_bytes": "1"}, Memory{}},
		"a kernel of 32 bits": {map[string]string{"proc/self/cgroup": "4:memory:/", folder + "memory.limit_in_bytes": "8796093018112", folder + "memory.usage_in_bytes": "1"}, Memory{}},
		"not by it": {map[string]string{"proc/self/cgroup": "4:pids:/\n1:name=systemd:/x\n0::/a", "sys/fs/cgroup/a/memory.max": "5", "sys/fs/cgroup/a/memory.current": "4"},
			Memory{Limited: true, Limit: 5, Used: 4, Available: 1}},
	} {
		if got := ReadMemory(groupTree(t, c.files)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestCPUOfVersion1Groups(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  CPU
	}{
		"joined controllers": {map[string]string{
			"proc/self/cgroup": "2:cpu,cpuacct:/u",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_quota_us":  "50000",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.stat":          "nr_periods 10\nnr_throttled 3\nthrottled_time 9",
			"sys/fs/cgroup/cpu,cpuacct/u/cpuacct.usage":     "7000999",
		}, CPU{Limit: 0.5, Usage: 7000, Periods: 10, Throttled: 3}},
		"apart, limited above": {map[string]string{
			"proc/self/cgroup":                     "2:cpuacct:/s/u\n1:cpu:/s/u",
			"sys/fs/cgroup/cpu/s/cpu.cfs_quota_us": "200000", "sys/fs/cgroup/cpu/s/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu/s/u/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/s/u/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpuacct/s/cpuacct.usage": "9000", "sys/fs/cgroup/cpuacct/s/u/cpuacct.usage": "1000",
		}, CPU{Limit: 2, Usage: 9}},
		"no limit": {map[string]string{
			"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
		}, CPU{}},
		"a usage that cannot be read": {map[string]string{
			"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
		}, CPU{}},
	} {
		got := ReadCPU(groupTree(t, c.files))
		if (got.Group != 0) != (c.want.Limit != 0) {
			t.Errorf("%s: group %d", name, got.Group)
		}
		got.Group = 0
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
