package host

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/schedule"
)

// fakeFileSystems are those of a captured host: each answers, fails, or hangs.
type fakeFileSystems struct {
	mu     sync.Mutex
	hangs  map[string]bool
	fails  map[string]error
	probed []string
	gone   chan struct{} // closed at the end, to end what hangs
}

func newFakeFileSystems(hanging ...string) *fakeFileSystems {
	r := &fakeFileSystems{hangs: map[string]bool{}, fails: map[string]error{}, gone: make(chan struct{})}
	for _, point := range hanging {
		r.hangs[point] = true
	}
	return r
}

func (r *fakeFileSystems) statfs(path string) (usage, error) {
	r.mu.Lock()
	r.probed = append(r.probed, path)
	hangs, err := r.hangs[path], r.fails[path]
	r.mu.Unlock()
	if hangs {
		<-r.gone
	}
	return blocksUsage(4096, 1000, 400, 300, 50, 20), err
}

// takeProbed returns the paths that were probed since the last call.
func (r *fakeFileSystems) takeProbed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	probed := r.probed
	r.probed = nil
	return probed
}

func (r *fakeFileSystems) check(opt Options) filesystem {
	return filesystem{tree: tree{proc: opt.Proc, sys: opt.Sys}, prober: statProber{statfs: r.statfs}}
}

func TestFilesystemFigures(t *testing.T) {
	r := mustRun(t, newFakeFileSystems().check(captured("server", "first")), request("/home/", nil))
	expect(t, r, "", `total 4000
		used 2400
		free 1600
		avail 1200
		files 50
		free_files 20
		options ro,nosuid,relatime`)
	if len(r.Metrics) != 7 || r.Sample != nil || r.Status != "" {
		t.Errorf("%+v", r)
	}
	r = mustRun(t, newFakeFileSystems().check(captured("server", "first")), request("*", nil))
	if got := strings.ReplaceAll(dimensions(r), "my files", "my_files"); got != "/ /boot /data /home /srv/archive /mnt/pool /tank/my_files /mnt/nfs /mnt/cifs /mnt/sshfs /mnt/usb /mnt/auto" {
		t.Errorf("%s", got)
	}
	expect(t, r, "/srv/archive", "avail 1200\noptions ro,relatime,errors=remount-ro")
}

// A file system without a fixed number of files has no metric of them, one that is full has.
func TestFilesystemWithoutANumberOfFiles(t *testing.T) {
	for u, want := range map[usage]string{
		{total: 8, free: 8, avail: 8}:           "|",
		{total: 8, free: 8, avail: 8, files: 7}: "7|0",
		blocksUsage(1024, 8, 8, 8, 0, 9):        "|",
	} {
		var f collect.MetricBuilder
		u.add(&f, mount{})
		r := collect.Report{Metrics: f.Metrics}
		if got := value(r, "", "files") + "|" + value(r, "", "free_files"); got != want || value(r, "", "total") != "8" {
			t.Errorf("%+v: %s", u, got)
		}
	}
}

func TestFilesystemAgreesWithStatfs(t *testing.T) {
	r := mustRun(t, typeNamed(t, Options{}, "agent.filesystem").Checker, request("/", nil))
	var s unix.Statfs_t
	if err := unix.Statfs("/", &s); err != nil {
		t.Fatal(err)
	}
	want := float64(s.Blocks) * float64(s.Frsize) / 1024
	if got := number(t, r, "", "total"); math.Abs(got-want) > 1 {
		t.Errorf("total: got %v, want %v", got, want)
	}
	total, used, free := number(t, r, "", "total"), number(t, r, "", "used"), number(t, r, "", "free")
	if math.Abs(total-used-free) > 1 || number(t, r, "", "avail") > free {
		t.Errorf("total %v, used %v, free %v", total, used, free)
	}
}

func TestUsageOfImpossibleFigures(t *testing.T) {
	for _, c := range []struct {
		size, blocks, free, avail uint64
		want                      usage
	}{
		{512, 3, 1, 1, usage{total: 1, used: 1}},
		{4096, 10, 20, 30, usage{total: 40, free: 40, avail: 40}}, // more free than there is
		{4096, 10, 5, 1 << 63, usage{total: 40, used: 20, free: 20, avail: 20}},
		{1 << 20, 1 << 63, 0, 0, usage{total: math.MaxInt64, used: math.MaxInt64}},
		{1024, math.MaxInt64, 0, 0, usage{total: math.MaxInt64, used: math.MaxInt64}},
		{0, 10, 5, 5, usage{}},
	} {
		if got := blocksUsage(c.size, c.blocks, c.free, c.avail, 0, 0); got != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// A file system that hangs takes the probe timeout once, is named, and is not probed during the
// backoff.
func TestFilesystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := captured("server", "first")
		fake := newFakeFileSystems("/mnt/nfs", "/data")
		defer close(fake.gone)
		check := fake.check(opt)
		all := func(previous []byte) (collect.Report, time.Duration) {
			t.Helper()
			fake.takeProbed()
			start := time.Now()
			r, err := check.Check(t.Context(), request("*", previous))
			if err != nil || r.Unavailable {
				t.Fatalf("%v %+v", err, r)
			}
			return r, time.Since(start)
		}
		first, waited := all(nil)
		hungAt := time.Now().Add(-2 * ProbeTimeout)
		if waited != 2*ProbeTimeout || first.Status != "/data does not answer; /mnt/nfs does not answer" || first.Sample == nil {
			t.Errorf("after %v: %q", waited, first.Status)
		}
		if len(first.Metrics) != 10*7 || value(first, "/mnt/auto", "total") != "4000" || value(first, "/data", "total") != "" {
			t.Errorf("%s", dimensions(first))
		}

		second, waited := all(first.Sample)
		until := hungAt.Add(ProbeBackoff).UTC().Format("15:04:05 UTC")
		want := "/data did not answer at " + hungAt.UTC().Format("15:04:05 UTC") + " and is not probed again until " + until + "; /mnt/nfs did not"
		if waited != 0 || !strings.HasPrefix(second.Status, want) || len(fake.takeProbed()) != 10 {
			t.Errorf("after %v: %q", waited, second.Status)
		}

		// One of them answers again; both are probed once the backoff is over.
		fake.mu.Lock()
		delete(fake.hangs, "/data")
		fake.mu.Unlock()
		time.Sleep(time.Until(hungAt.Add(ProbeBackoff)))
		third, waited := all(second.Sample)
		if waited != ProbeTimeout || third.Status != "/mnt/nfs does not answer" || len(third.Metrics) != 11*7 {
			t.Errorf("after %v: %q", waited, third.Status)
		}

		// One that is mounted again is probed at once, as after a reboot, and when the clock was
		// set back.
		table := strings.Replace(read(t, opt.Proc+"/self/mountinfo"), "40 29 0:60", "99 29 0:60", 1)
		for name, changes := range map[string]func() []byte{
			"mounted anew": func() []byte {
				check = fake.check(changed(t, "server", "first", "self/mountinfo", table))
				return third.Sample
			},
			"rebooted": func() []byte {
				check = fake.check(changed(t, "server", "first", "sys/kernel/random/boot_id", "another\n"))
				return third.Sample
			},
			"clock set back": func() []byte {
				check = fake.check(opt)
				m, _ := mountedAt(tableOf(t, opt, ""), "/mnt/nfs")
				return encodeHangs([]hang{{id: m.id, point: m.point, at: time.Now().Add(time.Hour)}}, bootID(check.tree, time.Now()))
			},
		} {
			if r, waited := all(changes()); waited != ProbeTimeout || r.Status != "/mnt/nfs does not answer" {
				t.Errorf("%s: after %v: %q", name, waited, r.Status)
			}
		}
	})
}

func TestFilesystemThatHangsIsTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeFileSystems("/mnt/nfs")
		defer close(fake.gone)
		check := fake.check(captured("server", "first"))
		r, err := check.Check(t.Context(), request("/mnt/nfs", nil))
		if err != nil || !r.Unavailable || r.Status != "/mnt/nfs does not answer" || r.Sample == nil || r.Metrics != nil {
			t.Errorf("%v, %+v", err, r)
		}
		again, err := check.Check(t.Context(), request("/mnt/nfs", r.Sample))
		if err != nil || !again.Unavailable || !strings.Contains(again.Status, "is not probed again until") || len(fake.takeProbed()) != 1 {
			t.Errorf("%v, %+v", err, again)
		}
	})
}

// However many file systems hang and however little time there is, the check returns in time.
func TestFilesystemsThatAllHang(t *testing.T) {
	for _, timeout := range []time.Duration{300 * time.Millisecond, time.Second, 10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeFileSystems()
			defer close(fake.gone)
			for _, m := range tableOf(t, captured("server", "first"), "") {
				fake.hangs[m.point] = m.point != "/"
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			r, err := fake.check(captured("server", "first")).Check(ctx, request("*", nil))
			if ctx.Err() != nil {
				t.Errorf("%v: out of time", timeout)
			}
			switch {
			case timeout < 2*minProbeTimeout:
				if !errors.Is(err, context.DeadlineExceeded) || r.Sample != nil {
					t.Errorf("%v: %v, %+v", timeout, err, r)
				}
			case err != nil || value(r, "/", "total") != "4000" || !strings.Contains(r.Status, "/boot does not answer"):
				t.Errorf("%v: %v, %+v", timeout, err, r)
			case timeout < time.Minute && !strings.Contains(r.Status, "/mnt/auto was not probed: the check's time was up"):
				t.Errorf("%v: %q", timeout, r.Status)
			}
		})
	}
}

func TestFilesystemThatFails(t *testing.T) {
	fake := newFakeFileSystems()
	fake.fails["/mnt/nfs"] = syscall.ESTALE
	fake.fails["/mnt/sshfs"] = syscall.EACCES // another user's
	fake.fails["/data"] = syscall.EACCES
	check := fake.check(captured("server", "first"))
	r := mustRun(t, check, request("*", nil))
	if r.Status != "/data: permission denied; /mnt/nfs: stale file handle" || len(r.Metrics) != 9*7 {
		t.Errorf("%q, %s", r.Status, dimensions(r))
	}
	r, _, err := runCheck(t, check, request("/mnt/sshfs", nil))
	if err != nil || !r.Unavailable || r.Status != "/mnt/sshfs: permission denied" {
		t.Errorf("%v, %+v", err, r)
	}
}

// The runner's result on a host whose file servers do not answer.
func TestFilesystemResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeFileSystems("/mnt/nfs")
		defer close(fake.gone)
		registry, err := collect.NewRegistry(collect.Type{Name: "agent.filesystem", Checker: fake.check(captured("server", "first"))})
		if err != nil {
			t.Fatal(err)
		}
		runner := collect.Runner{Registry: registry}
		job := collect.Job{Check: schedule.Check{Type: "agent.filesystem", Timeout: 4 * time.Second, Details: schedule.Details{"target": "*"}}}
		runner.Run(t.Context(), []collect.Job{job}, func(_ int, o collect.Outcome) {
			if o.Result.State != collect.Available || o.Result.Status != "/mnt/nfs does not answer" || o.Sample == nil || o.Took != 2*time.Second {
				t.Errorf("%+v", o)
			}
		})
	})
}

func FuzzHangSample(f *testing.F) {
	f.Add([]byte{})
	f.Add(encodeHangs([]hang{{id: 7, point: "/mnt/nfs", at: time.Unix(1700000000, 0)}, {}}, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		hangs := parseHangs(b, 7)
		again := parseHangs(encodeHangs(hangs, 7), 7)
		if len(again) != len(hangs) {
			t.Fatalf("%v, then %v", hangs, again)
		}
		for i := range hangs {
			h := hangs[i]
			if h.at.UnixMilli() >= 0 && again[i].at != h.at || again[i].id != h.id || again[i].point != h.point {
				t.Fatalf("%v, then %v", hangs, again)
			}
			inBackoff(hangs, mount{id: h.id, point: h.point}, time.Unix(1700000001, 0))
		}
	})
}
