package host

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
	"virgo/collect/cgroup"
)

// inGroup is a captured host whose agent is in one of testdata's control groups. The folders are
// copied, once for both moments, because a group's id is the inode of its folder.
func inGroup(t *testing.T, group string) (first, later Options) {
	t.Helper()
	dir := t.TempDir()
	moment := func(moment string) Options {
		opt := captured("server", moment)
		own := filepath.Join("testdata", "cgroup", group, moment)
		proc := filepath.Join(dir, moment)
		for _, from := range []string{opt.Proc, filepath.Join(own, "proc")} {
			if err := os.CopyFS(proc, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		}
		return Options{Proc: proc, Sys: filepath.Join(own, "sys")}
	}
	return moment("first"), moment("later")
}

// become replaces the group's files by those of another moment.
func become(t *testing.T, to, from Options) {
	t.Helper()
	err := filepath.WalkDir(from.Sys, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			write(t, filepath.Join(to.Sys, strings.TrimPrefix(path, from.Sys)), read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copied is a copy of a group's files that a test may change.
func copied(t *testing.T, opt Options) Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(opt.Sys)); err != nil {
		t.Fatal(err)
	}
	opt.Sys = dir
	return opt
}

func TestMemoryOfControlGroups(t *testing.T) {
	for group, want := range map[string]string{
		// 12 KiB are inactive.
		"container": "cgroup_memory_limit 67108864\ncgroup_memory_used 67059712\ncgroup_memory_available 61440\ncgroup_swap_limit 104857600\ncgroup_swap_used 54177792",
		// The slice limits memory, 25 MiB of which are inactive; the unit in it limits swap space.
		"slice": "cgroup_memory_limit 209715200\ncgroup_memory_used 148258816\ncgroup_memory_available 88035328\ncgroup_swap_limit 134217728\ncgroup_swap_used 0",
		// The lowest limit is the inner slice's; less is left of the outer one.
		"unit": "cgroup_memory_limit 1073741824\ncgroup_memory_used 268435456\ncgroup_memory_available 117859943\ncgroup_swap_limit 1048576\ncgroup_swap_used 4096",
	} {
		first, _ := inGroup(t, group)
		expect(t, mustRun(t, typeNamed(t, first, "agent.memory").Checker, request("", nil)), "", want+"\ntotal 16708005888")
	}
}

func TestSwapLimitAlone(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"self/cgroup": "0::/a\n", "fs/cgroup/a/memory.max": "max\n", "fs/cgroup/a/memory.current": "9\n",
		"fs/cgroup/a/memory.swap.max": "4096\n", "fs/cgroup/a/memory.swap.current": "1024\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), text)
	}
	var f collect.MetricBuilder
	addMemoryLimit(&f, readMemoryLimit(tree{proc: dir, sys: dir}))
	expect(t, collect.Report{Metrics: f.Metrics}, "", "cgroup_swap_limit 4096\ncgroup_swap_used 1024\ncgroup_memory_limit ")
}

// cpuAt is the check of a captured tree, with uptime at.
func cpuAt(opt Options, at time.Duration) cpu {
	return cpu{tree: tree{proc: opt.Proc, sys: opt.Sys}, read: readCPU, uptime: func(time.Time) time.Duration { return at }}
}

func TestCPUOfControlGroups(t *testing.T) {
	for group, want := range map[string]string{
		// 8.2 s in 60 s of half a processor; 163 of 167 periods.
		"container": "cgroup_cpu_limit 0.5\ncgroup_cpu_usage 27.3555\ncgroup_cpu_throttled 97.6048",
		// The slice's: the unit in it may take 1.5 processors, the slice 0.4. 6.5 s; 161 of 165
		// periods.
		"slice": "cgroup_cpu_limit 0.4\ncgroup_cpu_usage 27.0255\ncgroup_cpu_throttled 97.5758",
		// The lowest is the outer slice's: 90 s in 60 s of 1.5 processors; a kernel that counts no
		// periods.
		"unit": "cgroup_cpu_limit 1.5\ncgroup_cpu_usage 100\ncgroup_cpu_throttled 0",
	} {
		first, later := inGroup(t, group)
		opt := copied(t, first)
		kept, _, err := runCheck(t, cpuAt(opt, 1000*time.Second), request("", nil))
		if err == nil || kept.Sample == nil { // captured counters do not change
			t.Fatalf("%s: %v, sample %x", group, err, kept.Sample)
		}
		become(t, opt, later)
		opt.Proc = later.Proc
		r, waited, err := runCheck(t, cpuAt(opt, 1060*time.Second), request("", kept.Sample))
		if err != nil || waited != 0 {
			t.Fatalf("%s: %v after %v", group, err, waited)
		}
		expect(t, r, "", want+"\ncpu_count 4")
		// A group that was created again has another id: the check takes two samples.
		another := copied(t, opt)
		if _, waited, _ := runCheck(t, cpuAt(another, 1060*time.Second), request("", kept.Sample)); waited != collect.SampleGap {
			t.Errorf("%s: a group that was created again waited %v", group, waited)
		}
		// A limit that was not there before, too.
		free, _, _ := runCheck(t, cpuAt(captured("server", "first"), 1000*time.Second), request("", nil))
		if _, waited, _ := runCheck(t, cpuAt(opt, 1060*time.Second), request("", free.Sample)); waited != collect.SampleGap {
			t.Errorf("%s: a new limit waited %v", group, waited)
		}
	}
}

func TestControlGroupsWithoutLimit(t *testing.T) {
	for name, c := range map[string]struct{ cgroup, file, text string }{
		"the host's root":          {"0::/\n", "", ""},
		"no limit":                 {"0::/a\n", "a/memory.max", "max\n"},
		"version 1":                {"4:memory:/a\n1:cpu:/a\n", "a/memory.max", "1000\n"},
		"both versions":            {"4:memory:/a\n0::/\n", "a/memory.max", "1000\n"},
		"another group's":          {"0::/a\n", "b/memory.max", "1000\n"},
		"outside the namespace":    {"0::/../a\n", "a/memory.max", "1000\n"},
		"no number":                {"0::/a\n", "a/memory.max", "lots\n"},
		"no group":                 {"", "a/memory.max", "1000\n"},
		"no usage":                 {"0::/a\n", "a/memory.max", "1000\n"},
		"a quota without a period": {"0::/a\n", "a/cpu.max", "1000\n"},
		"a quota of nothing":       {"0::/a\n", "a/cpu.max", "0 0\n"},
		"deeper than is looked at": {"0::/a" + strings.Repeat("/b", 32) + "\n", "a/cpu.max", "1 1\n"},
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{"self/cgroup": c.cgroup, "fs/cgroup/" + c.file: c.text} {
			if strings.HasSuffix(file, "/") {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, file), text)
		}
		tr := tree{proc: dir, sys: dir}
		if m := readMemoryLimit(tr); m != (cgroup.Memory{}) {
			t.Errorf("%s: %+v", name, m)
		}
		if l := readCPULimit(tr, func() time.Duration { return 0 }); l != (cpuLimit{}) {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if m := readMemoryLimit(tree{proc: t.TempDir()}); m != (cgroup.Memory{}) {
		t.Errorf("%+v", m)
	}
}

// Without time for a second sample, the limit is reported and the usage is not.
func TestCPULimitWithoutTimeForASample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		first, later := inGroup(t, "container")
		c := cpuAt(first, 1000*time.Second)
		reads := 0
		c.read = func(ctx context.Context, _ tree) (cpuCounters, error) {
			if reads++; reads > 1 {
				return readCPU(ctx, tree{proc: later.Proc})
			}
			return readCPU(ctx, tree{proc: first.Proc})
		}
		r, err := c.Check(ctx, request("", nil))
		if err != nil || value(r, "", "cgroup_cpu_limit") != "0.5" || value(r, "", "cgroup_cpu_usage") != "" {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func FuzzControlGroup(f *testing.F) {
	for _, group := range []string{"container", "slice", "unit"} {
		dir := filepath.Join("testdata", "cgroup", group, "first")
		seed := func(file string) string {
			data, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				f.Fatal(err)
			}
			return string(data)
		}
		folder := "sys/fs/cgroup/"
		if group != "container" {
			folder += "apps.slice/"
		}
		f.Add(seed("proc/self/cgroup"), seed(folder+"memory.max"), seed(folder+"memory.current"), seed(folder+"memory.stat"), seed(folder+"cpu.max"), seed(folder+"cpu.stat"))
	}
	f.Add("0::/"+strings.Repeat("a/", 3000), "0", "1", "inactive_file 18446744073709551615", "1 18446744073709551615", "usage_usec x\nnr_periods")
	dir := f.TempDir()
	for _, folder := range []string{"self", "fs/cgroup"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, groups, most, current, stat, quota, usage string) {
		for file, text := range map[string]string{
			"self/cgroup": groups, "fs/cgroup/memory.max": most, "fs/cgroup/memory.current": current, "fs/cgroup/memory.stat": stat,
			"fs/cgroup/cpu.max": quota, "fs/cgroup/cpu.stat": usage,
		} {
			write(t, filepath.Join(dir, file), text)
		}
		tr := tree{proc: dir, sys: dir}
		var g collect.MetricBuilder
		m := readMemoryLimit(tr)
		if m.Available > m.Limit {
			t.Fatalf("%+v", m)
		}
		addMemoryLimit(&g, m)
		l := readCPULimit(tr, func() time.Duration { return time.Minute })
		l.add(&g, cpuLimit{CPU: cgroup.CPU{Group: l.Group}})
		for _, m := range g.Metrics {
			if !m.Valid() || strings.HasPrefix(m.Value, "-") {
				t.Fatalf("%+v", m)
			}
		}
	})
}

// Of two groups with the same limit the outer one's usage is reported: it includes the inner one's.
func TestMemoryOfNestedGroupsWithOneLimit(t *testing.T) {
	root := tree{proc: t.TempDir(), sys: t.TempDir()}
	for file, text := range map[string]string{
		root.proc + "/self/cgroup":                         "0::/outer/inner\n",
		root.sys + "/fs/cgroup/outer/memory.max":           "1000\n",
		root.sys + "/fs/cgroup/outer/memory.current":       "600\n",
		root.sys + "/fs/cgroup/outer/inner/memory.max":     "1000\n",
		root.sys + "/fs/cgroup/outer/inner/memory.current": "100\n",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	if m := readMemoryLimit(root); !m.Limited || m.Limit != 1000 || m.Used != 600 || m.Available != 400 {
		t.Errorf("%+v", m)
	}
}
