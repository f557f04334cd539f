package host

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// groupTree makes a host of these files, below proc and sys.
func groupTree(t *testing.T, files map[string]string) tree {
	t.Helper()
	dir := t.TempDir()
	for file, text := range files {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, text+"\n")
	}
	return tree{proc: dir + "/proc", sys: dir + "/sys"}
}

const unlimitedText = "9223372036854771712"

func TestMemoryOfVersion1Groups(t *testing.T) {
	const folder = "sys/fs/cgroup/memory/"
	for name, c := range map[string]struct {
		files map[string]string
		want  memoryLimit
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
		}, memoryLimit{limited: true, limit: 4000, used: 3000, available: 1500, swapLimited: true, swapLimit: 600, swapUse: 100}},
		"a container without a namespace": {map[string]string{
			"proc/self/cgroup":               "4:memory:/docker/abc",
			folder + "memory.limit_in_bytes": "4000",
			folder + "memory.usage_in_bytes": "5000",
		}, memoryLimit{limited: true, limit: 4000, used: 5000}},
		"the host":            {map[string]string{"proc/self/cgroup": "4:memory:/", folder + "memory.limit_in_bytes": unlimitedText, folder + "memory.usage_in_bytes": "1"}, memoryLimit{}},
		"a kernel of 32 bits": {map[string]string{"proc/self/cgroup": "4:memory:/", folder + "memory.limit_in_bytes": "8796093018112", folder + "memory.usage_in_bytes": "1"}, memoryLimit{}},
		"not by it": {map[string]string{"proc/self/cgroup": "4:pids:/\n1:name=systemd:/x\n0::/a", "sys/fs/cgroup/a/memory.max": "5", "sys/fs/cgroup/a/memory.current": "4"},
			memoryLimit{limited: true, limit: 5, used: 4, available: 1}},
	} {
		if got := readMemoryLimit(groupTree(t, c.files)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestCPUOfVersion1Groups(t *testing.T) {
	at := func() time.Duration { return time.Minute }
	for name, c := range map[string]struct {
		files map[string]string
		want  cpuLimit
	}{
		"joined controllers": {map[string]string{
			"proc/self/cgroup": "2:cpu,cpuacct:/u",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_quota_us":  "50000",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu,cpuacct/u/cpu.stat":          "nr_periods 10\nnr_throttled 3\nthrottled_time 9",
			"sys/fs/cgroup/cpu,cpuacct/u/cpuacct.usage":     "7000999",
		}, cpuLimit{limit: 0.5, at: time.Minute, usage: 7000, periods: 10, throttled: 3}},
		"apart, limited above": {map[string]string{
			"proc/self/cgroup":                     "2:cpuacct:/s/u\n1:cpu:/s/u",
			"sys/fs/cgroup/cpu/s/cpu.cfs_quota_us": "200000", "sys/fs/cgroup/cpu/s/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu/s/u/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/s/u/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpuacct/s/cpuacct.usage": "9000", "sys/fs/cgroup/cpuacct/s/u/cpuacct.usage": "1000",
		}, cpuLimit{limit: 2, at: time.Minute, usage: 9}},
		"no limit": {map[string]string{
			"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
		}, cpuLimit{}},
		"a usage that cannot be read": {map[string]string{
			"proc/self/cgroup": "1:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
		}, cpuLimit{}},
	} {
		got := readCPULimit(groupTree(t, c.files), at)
		if (got.group != 0) != (c.want.limit != 0) {
			t.Errorf("%s: group %d", name, got.group)
		}
		got.group = 0
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
