package host

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/collect/hostinfo/redact"
	"virgo/schedule"
)

// child starts a program under another first argument, and ends it with the test. It returns once
// the program runs (exec), not just its fork.
func child(t *testing.T, cred *syscall.Credential, path, as string, args ...string) int {
	t.Helper()
	cmd := &exec.Cmd{Path: path, Args: append([]string{as}, args...), SysProcAttr: &syscall.SysProcAttr{Credential: cred}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd.Process.Pid // Start waits for the exec
}

// sleeper starts a process that does nothing, and returns its first argument, which no other
// process has.
func sleeper(t *testing.T) string {
	as := "sleeper-of-" + strconv.Itoa(os.Getpid())
	child(t, nil, "/bin/sleep", as, "600")
	return as
}

func requestWith(d schedule.Details) collect.Request {
	return collect.Request{Check: schedule.Check{ID: "c", Details: d}, Now: time.Now}
}

func processCheck(t *testing.T) collect.Checker {
	return typeNamed(t, Options{}, "agent.process").Checker
}

func TestProcessCounts(t *testing.T) {
	var (
		named = filepath.Join(t.TempDir(), "virgo-sleeps")
		long  = filepath.Join(t.TempDir(), "virgo-sleeps-under-a-long-name")
	)
	for _, path := range []string{named, long} {
		if err := os.Symlink("/bin/sleep", path); err != nil {
			t.Fatal(err)
		}
	}
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	if os.Getuid() != 0 {
		collecttest.Lacks(t, "processes of two users are missing: run the tests as root")
	}
	for _, cred := range []*syscall.Credential{nil, nil, nobody} {
		child(t, cred, "/bin/sleep", "count-me "+named, "600")
	}
	child(t, nil, named, named, "600")
	child(t, nil, named, named, "601")
	child(t, nil, long, long, "600")
	count := regexp.QuoteMeta("count-me " + named)
	shown := redact.Text(count) // the folder's name looks random
	for _, c := range []struct{ details, status, count string }{
		{`{"match": %q}`, "", "3"},
		{`{"match": %q, "min": 3, "max": "3"}`, "", "3"},
		{`{"match": %q, "user": "nobody"}`, "", "1"},
		{`{"match": %q, "user": 65534, "name": "sleep"}`, "", "1"},
		{`{"match": %q, "min": 4}`, "3 processes with a command line that matches " + shown + ", at least 4 wanted", ""},
		{`{"match": %q, "max": 2}`, "3 processes with a command line that matches " + shown + ", at most 2 wanted", ""},
		{`{"match": %q, "max": 0}`, "3 processes with a command line that matches " + shown + ", none wanted", ""},
		{`{"name": "virgo-sleeps", "match": "60[01]$"}`, "", "2"},
		{`{"name": "virgo-sleeps", "match": "601$"}`, "", "1"},
		{`{"name": "virgo-sleeps", "min": 3}`, "2 processes named virgo-sleeps, at least 3 wanted", ""},
		{`{"name": "virgo-sleeps", "user": "nobody"}`, "No process named virgo-sleeps of user nobody", ""},
		{`{"name": "virgo-sleeps-under-a-long-name"}`, "", "1"},
		{`{"name": "virgo-sleeps-under"}`, "No process named virgo-sleeps-under", ""},
		{`{"name": "virgo-sleep"}`, "No process named virgo-sleep", ""},
		{`{"name": "virgo-sleep", "max": 0}`, "", "0"},
		{`{"name": "virgo-sleep", "min": 0}`, "", "0"},
	} {
		text := c.details
		if strings.Contains(text, "%q") {
			text = fmt.Sprintf(text, count)
		}
		var d schedule.Details
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		r, _, err := runCheck(t, processCheck(t), requestWith(d))
		if err != nil || r.Status != c.status || r.Unavailable != (c.status != "") || value(r, "", "count") != c.count && !r.Unavailable {
			t.Errorf("%s: count %q, %q, %v", text, value(r, "", "count"), r.Status, err)
		}
	}
}

// A script counts by its name, however long that is and whatever names the interpreter.
func TestProcessOfScripts(t *testing.T) {
	dir := t.TempDir()
	for name, first := range map[string]string{
		"virgo-test.sh": "#!/bin/sh", "virgo-long-daemon-script.sh": "#!/bin/sh", "virgo-script-with-an-option.sh": "#!/bin/sh -e",
		"virgo-env.sh": "#!/usr/bin/env sh", "virgo-long-script-by-env.sh": "#!/usr/bin/env sh",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(first+"\necho\nread x\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		if _, err := out.Read(make([]byte, 1)); err != nil { // it runs
			t.Fatal(err)
		}
		r, _, err := runCheck(t, processCheck(t), requestWith(schedule.Details{"name": name}))
		if err != nil || value(r, "", "count") != "1" {
			t.Errorf("%s: %q, %v", name, r.Status, err)
		}
		if names := targets(t, typeNamed(t, Options{}, "agent.process")); !slices.Contains(names, name) {
			t.Errorf("%s is not among the targets", name)
		}
	}
}

// The figures of a process are those of ps and of /proc.
func TestProcessAgreesWithPs(t *testing.T) {
	ps := collecttest.Program(t, "ps", "procps")
	as := "busy-of-" + strconv.Itoa(os.Getpid())
	pid := child(t, nil, "/bin/sh", as, "-c", "while :; do :; done")
	d := schedule.Details{"match": "^" + as}
	printed := func() []float64 {
		out, err := exec.Command(ps, "-o", "rss=,nlwp=,etimes=,cputimes=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			t.Fatal(err)
		}
		var n []float64
		for _, f := range strings.Fields(string(out)) {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, v)
		}
		return n
	}
	first, err := processCheck(t).Check(t.Context(), requestWith(d)) // which takes a second
	if err != nil || first.Unavailable {
		t.Fatal(first, err)
	}
	before := printed()
	r, err := processCheck(t).Check(t.Context(), requestWith(d))
	if err != nil || r.Unavailable {
		t.Fatal(r, err)
	}
	after := printed()
	// The memory of a shell in a loop does not change, except that the kernel counts in batches of
	// 64 pages.
	if rss := number(t, r, "", "rss") / 1024; math.Abs(rss-before[0]) > 256 {
		t.Errorf("rss %v kB, ps has %v", rss, before[0])
	}
	if n := number(t, r, "", "threads"); n != before[1] {
		t.Errorf("%v threads, ps has %v", n, before[1])
	}
	// ps prints whole seconds.
	if age := number(t, r, "", "oldest_age"); age < before[2]-1 || age > after[2]+1 {
		t.Errorf("age %v, ps has %v and then %v", age, before[2], after[2])
	}
	// It gets CPU time, of one processor at most, give or take two ticks.
	if percent := number(t, r, "", "cpu_percent"); percent <= 0 || percent > 102 {
		t.Errorf("%v %% of a processor", percent)
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil || number(t, r, "", "open_files") != float64(len(fds)) {
		t.Errorf("%s open files, /proc has %d, %v", value(r, "", "open_files"), len(fds), err)
	}
	if n, ok := openFiles("/proc/self/fd"); !ok || n == 0 {
		t.Errorf("%d open files of its own", n)
	}
}

// The agent does not count itself, whose command line contains the pattern.
func TestProcessIsNotTheAgent(t *testing.T) {
	own, err := os.ReadFile("/proc/self/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile("^" + regexp.QuoteMeta(strings.Join(strings.Split(strings.TrimRight(string(own), "\x00"), "\x00"), " ")) + "$")
	for self, want := range map[int]int{os.Getpid(): 0, 0: 1} {
		p := processes{tree: tree{proc: "/proc"}, self: self}
		found, err := readProcesses(t.Context(), p, processCriteria{match: pattern}, uptime(time.Now()), time.Now())
		if err != nil || len(found.all) != want {
			t.Errorf("self %d: %+v, %v", self, found, err)
		}
	}
}

// proc makes a tree of processes with the given contents of stat, each with a comm and a cmdline.
func proc(t *testing.T, stats map[string]string) tree {
	t.Helper()
	dir := t.TempDir()
	for pid, stat := range stats {
		folder := filepath.Join(dir, pid)
		if err := os.MkdirAll(filepath.Join(folder, "fd"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "stat"), stat)
		write(t, filepath.Join(folder, "comm"), "some\n")
		write(t, filepath.Join(folder, "cmdline"), "some\x00thing\x00")
	}
	return tree{proc: dir, sys: dir}
}

const statOf = "%d (%s) %s 1 1 1 0 -1 4194560 100 0 0 0 %d %d 0 0 20 -5 3 0 %d 1000000 50 18446744073709551615 1 1 0 0 0\n"

func TestProcessesWithUnusualStats(t *testing.T) {
	tr := proc(t, map[string]string{
		"10": fmt.Sprintf(statOf, 10, "some) R 7 (x\n", "S", 30, 20, 100),
		"11": fmt.Sprintf(statOf, 11, "dead", "Z", 30, 20, 100),
		"12": fmt.Sprintf(statOf, 12, "later", "R", 1, 1, 900_000),
	})
	// Neither numbers nor processes.
	for _, name := range []string{"0", "13", "1x", "self"} {
		if err := os.Mkdir(filepath.Join(tr.proc, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	both := processCriteria{name: "some", match: regexp.MustCompile("^some thing$")}
	found, err := readProcesses(t.Context(), processes{tree: tr}, both, 1001*time.Second, time.Now())
	if err != nil || len(found.all) != 2 || found.unread != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	s := processSample{all: found.all}
	p, later := s.byPID()[10], s.byPID()[12]
	if p.start != 100 || p.ticks != 50 || p.rss != 50*uint64(os.Getpagesize()) || p.threads != 3 || p.age != 1000*time.Second || !p.filesKnown || later.age != 0 {
		t.Errorf("%+v, %+v", p, later)
	}
	for _, line := range []string{"", "12 some", "12 (some)", "12 (some) S 1", strings.Replace(fmt.Sprintf(statOf, 12, "x", "S", 1, 1, 1), " 50 ", " x ", 1)} {
		write(t, filepath.Join(tr.proc, "12", "stat"), line)
		found, err := readProcesses(t.Context(), processes{tree: tr}, processCriteria{name: "some"}, time.Second, time.Now())
		if err != nil || len(found.all) != 1 || found.unread != 1 {
			t.Errorf("%q: %+v, %v", line, found, err)
		}
	}
	one := processSample{at: time.Second, all: found.all, unread: 1}
	if _, status := one.sums(processSample{}); status != "success; 1 process cannot be read and does not count" {
		t.Errorf("status %q", status)
	}
	if all, err := readProcesses(t.Context(), processes{tree: tree{proc: t.TempDir() + "/none"}}, processCriteria{name: "some"}, 0, time.Now()); !os.IsNotExist(err) {
		t.Errorf("%+v, %v", all, err)
	}
}

// Open files that cannot be read are left out, and the status says so.
func TestProcessWithoutRights(t *testing.T) {
	s := processSample{at: 10 * time.Second, all: []process{{pid: 1, files: 7, filesKnown: true, threadsKnown: true}, {pid: 2, threadsKnown: true}}}
	metrics, status := s.sums(processSample{at: 5 * time.Second})
	r := collect.Report{Metrics: metrics}
	if value(r, "", "open_files") != "" || value(r, "", "threads") != "0" || status != "success, without open_files: those of 1 of 2 processes cannot be read" {
		t.Errorf("%q, %+v", status, metrics)
	}
	if n, ok := openFiles(filepath.Join(t.TempDir(), "none")); ok {
		t.Errorf("%d open files of a folder that is not there", n)
	}
}

// A process that starts, ends, is renamed or reuses a pid between two samples gives possible figures.
func TestProcessTimeBetweenSamples(t *testing.T) {
	at := func(s int, all ...process) processSample {
		return processSample{at: time.Duration(s) * time.Second, all: all}
	}
	one := func(pid, start, ticks uint64, age int) process {
		return process{pid: pid, start: start, ticks: ticks, age: time.Duration(age) * time.Second}
	}
	for name, c := range map[string]struct {
		before, now processSample
		follows     bool
		percent     float64
	}{
		"went on":               {at(100, one(5, 10, 1000, 0)), at(110, one(5, 10, 1500, 99)), true, 50},
		"began since":           {at(100), at(110, one(5, 10500, 500, 5)), true, 50},
		"ended":                 {at(100, one(5, 10, 1000, 0)), at(110), true, 0},
		"restarted":             {at(100, one(5, 10, 100000, 0)), at(110, one(6, 10800, 200, 2)), true, 20},
		"number taken":          {at(100, one(5, 10, 100000, 0)), at(110, one(5, 10800, 200, 2)), true, 20},
		"counter went back":     {at(100, one(5, 10, 1000, 0)), at(110, one(5, 10, 900, 99)), true, 0},
		"one renamed":           {at(100, one(5, 10, 1000, 0)), at(110, one(5, 10, 1100, 99), one(4, 9, 77777, 99)), true, 10},
		"all renamed":           {at(100), at(110, one(4, 9, 77777, 99)), false, 0},
		"too soon":              {at(100, one(5, 10, 1000, 0)), processSample{at: 100*time.Second + 400*time.Millisecond, all: []process{one(5, 10, 1010, 99)}}, false, 25},
		"clock that went back":  {at(100, one(5, 10, 1000, 0)), at(90, one(5, 10, 1100, 99)), false, 0},
		"nothing, then nothing": {at(100), at(110), true, 0},
	} {
		if c.now.follows(c.before) != c.follows {
			t.Errorf("%s: follows %v", name, !c.follows)
		}
		if percent, _ := c.now.cpuPercent(c.before); math.Abs(percent-c.percent) > 1e-9 {
			t.Errorf("%s: %v %%", name, percent)
		}
		// An encoded sample gives the same.
		back, ok := parseProcessSample(c.before.encode(7), 7)
		if percent, _ := c.now.cpuPercent(back); !ok || math.Abs(percent-c.percent) > 1e-9 {
			t.Errorf("%s: %v %% after encoding", name, percent)
		}
	}
}

// However many processes match, the sample is within its bound.
func TestProcessSampleIsBounded(t *testing.T) {
	var s processSample
	for i := range uint64(50_000) {
		s.all = append(s.all, process{pid: i * 80, start: math.MaxUint64, ticks: 1 << 40})
	}
	b := s.encode(7)
	back, ok := parseProcessSample(b, 7)
	if !ok || len(b) > collect.MaxSampleBytes || len(back.all) < 10_000 || back.all[9_999].pid != 9_999*80 {
		t.Errorf("%d bytes, %d processes, %v", len(b), len(back.all), ok)
	}
}

func TestProcessStopsWithItsContext(t *testing.T) {
	if _, err := readProcesses(expired(t), processes{tree: tree{proc: "/proc"}}, processCriteria{name: "x"}, 0, time.Now()); err != context.Canceled {
		t.Error(err)
	}
}

func FuzzProcessSample(f *testing.F) {
	f.Add([]byte{})
	f.Add(processSample{at: time.Minute, all: []process{{pid: 1, start: 2, ticks: 3}, {pid: 7, start: 1 << 60, ticks: 1 << 63}}}.encode(7))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := parseProcessSample(b, 7)
		if !ok {
			return
		}
		now := processSample{at: s.at + time.Minute, all: []process{{pid: 1, start: 2, ticks: 1 << 50}, {pid: 7, ticks: 50}}}
		metrics, _ := now.sums(s)
		for _, m := range metrics {
			if !m.Valid() || strings.HasPrefix(m.Value, "-") {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func TestProcessTargets(t *testing.T) {
	dir := t.TempDir()
	for pid, files := range map[string][2]string{
		"10": {"nginx\n", "nginx: worker process\x00"},
		"11": {"nginx\n", "nginx: worker process\x00"},
		"12": {"a-program-with-\n", "/opt/a-program-with-a-long-name\x00--flag\x00"},
		"13": {"kworker/0:1\n", ""}, // a kernel thread has no command line
		"14": {"sh\n", "/bin/sh\x00-c\x00true\x00"},
		"15": {"self\n", "self\x00"},
	} {
		folder := filepath.Join(dir, pid)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "comm"), files[0])
		write(t, filepath.Join(folder, "cmdline"), files[1])
	}
	names, err := processes{tree: tree{proc: dir}, self: 15}.Targets(t.Context())
	if want := []string{"a-program-with-a-long-name", "nginx", "sh"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v; want %q", names, err, want)
	}
	if _, err := (processes{tree: tree{proc: dir}}).Targets(expired(t)); err == nil {
		t.Error("no error after the deadline")
	}
}
