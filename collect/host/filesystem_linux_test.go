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

// A rack is the file systems of a captured host: each answers, fails, or hangs.
type rack struct {
	mu    sync.Mutex
	hangs map[string]bool
	fails map[string]error
	asked []string
	gone  chan struct{} // closed at the end, to let go of who hangs
}

func newRack(hanging ...string) *rack {
	r := &rack{hangs: map[string]bool{}, fails: map[string]error{}, gone: make(chan struct{})}
	for _, point := range hanging {
		r.hangs[point] = true
	}
	return r
}

func (r *rack) statfs(path string) (usage, error) {
	r.mu.Lock()
	r.asked = append(r.asked, path)
	hangs, err := r.hangs[path], r.fails[path]
	r.mu.Unlock()
	if hangs {
		<-r.gone
	}
	return blocksUsage(4096, 1000, 400, 300, 50, 20), err
}

// forget empties the list of who was asked, and returns it.
func (r *rack) forget() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

func (r *rack) check(opt Options) filesystem {
	return filesystem{tree: tree{proc: opt.Proc, sys: opt.Sys}, asker: asker{statfs: r.statfs}}
}

func TestFilesystemFigures(t *testing.T) {
	r := see(t, newRack().check(captured("server", "first")), request("/home/", nil))
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
	r = see(t, newRack().check(captured("server", "first")), request("*", nil))
	if got := strings.ReplaceAll(dimensions(r), "my files", "my_files"); got != "/ /boot /data /home /srv/archive /mnt/pool /tank/my_files /mnt/nfs /mnt/cifs /mnt/sshfs /mnt/usb /mnt/auto" {
		t.Errorf("%s", got)
	}
	expect(t, r, "/srv/archive", "avail 1200\noptions ro,relatime,errors=remount-ro")
}

func TestFilesystemAgreesWithStatfs(t *testing.T) {
	r := see(t, typed(t, Options{}, "agent.filesystem").Checker, request("/", nil))
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

func TestUsageOfOddFileSystems(t *testing.T) {
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

// A hanging file system costs its limit once, is named, and is left alone for a while.
func TestFilesystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opt := captured("server", "first")
		rack := newRack("/mnt/nfs", "/data")
		defer close(rack.gone)
		check := rack.check(opt)
		all := func(previous []byte) (collect.Report, time.Duration) {
			t.Helper()
			rack.forget()
			start := time.Now()
			r, err := check.Check(t.Context(), request("*", previous))
			if err != nil || r.Unavailable {
				t.Fatalf("%v %+v", err, r)
			}
			return r, time.Since(start)
		}
		first, waited := all(nil)
		hungAt := time.Now().Add(-2 * HangLimit)
		if waited != 2*HangLimit || first.Status != "/data does not answer; /mnt/nfs does not answer" || first.Sample == nil {
			t.Errorf("after %v: %q", waited, first.Status)
		}
		if len(first.Metrics) != 10*7 || value(first, "/mnt/auto", "total") != "4000" || value(first, "/data", "total") != "" {
			t.Errorf("%s", dimensions(first))
		}

		second, waited := all(first.Sample)
		until := hungAt.Add(HangRest).UTC().Format("15:04:05 UTC")
		want := "/data did not answer at " + hungAt.UTC().Format("15:04:05 UTC") + " and is left alone until " + until + "; /mnt/nfs did not"
		if waited != 0 || !strings.HasPrefix(second.Status, want) || len(rack.forget()) != 10 {
			t.Errorf("after %v: %q", waited, second.Status)
		}

		// One of them is back; both are asked again once the rest is over.
		rack.mu.Lock()
		delete(rack.hangs, "/data")
		rack.mu.Unlock()
		time.Sleep(time.Until(hungAt.Add(HangRest)))
		third, waited := all(second.Sample)
		if waited != HangLimit || third.Status != "/mnt/nfs does not answer" || len(third.Metrics) != 11*7 {
			t.Errorf("after %v: %q", waited, third.Status)
		}

		// Mounted anew: asked at once. So it is after a reboot, and when the clock was set back.
		table := strings.Replace(read(t, opt.Proc+"/self/mountinfo"), "40 29 0:60", "99 29 0:60", 1)
		for name, changes := range map[string]func() []byte{
			"mounted anew": func() []byte {
				check = rack.check(changed(t, "server", "first", "self/mountinfo", table))
				return third.Sample
			},
			"rebooted": func() []byte {
				check = rack.check(changed(t, "server", "first", "sys/kernel/random/boot_id", "another\n"))
				return third.Sample
			},
			"clock set back": func() []byte {
				check = rack.check(opt)
				m, _ := mountedAt(tableOf(t, opt, ""), "/mnt/nfs")
				return encodeHangs([]hang{{id: m.id, point: m.point, at: time.Now().Add(time.Hour)}}, bootMark(check.tree, time.Now()))
			},
		} {
			if r, waited := all(changes()); waited != HangLimit || r.Status != "/mnt/nfs does not answer" {
				t.Errorf("%s: after %v: %q", name, waited, r.Status)
			}
		}
	})
}

func TestFilesystemThatHangsIsTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rack := newRack("/mnt/nfs")
		defer close(rack.gone)
		check := rack.check(captured("server", "first"))
		r, err := check.Check(t.Context(), request("/mnt/nfs", nil))
		if err != nil || !r.Unavailable || r.Status != "/mnt/nfs does not answer" || r.Sample == nil || r.Metrics != nil {
			t.Errorf("%v, %+v", err, r)
		}
		again, err := check.Check(t.Context(), request("/mnt/nfs", r.Sample))
		if err != nil || !again.Unavailable || !strings.Contains(again.Status, "is left alone until") || len(rack.forget()) != 1 {
			t.Errorf("%v, %+v", err, again)
		}
	})
}

// However many hang and however little time there is, the check returns in time, with what it has.
func TestFilesystemsThatAllHang(t *testing.T) {
	for _, timeout := range []time.Duration{300 * time.Millisecond, time.Second, 10 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			rack := newRack()
			defer close(rack.gone)
			for _, m := range tableOf(t, captured("server", "first"), "") {
				rack.hangs[m.point] = m.point != "/"
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			r, err := rack.check(captured("server", "first")).Check(ctx, request("*", nil))
			if ctx.Err() != nil {
				t.Errorf("%v: out of time", timeout)
			}
			switch {
			case timeout < 2*minPatience:
				if !errors.Is(err, context.DeadlineExceeded) || r.Sample != nil {
					t.Errorf("%v: %v, %+v", timeout, err, r)
				}
			case err != nil || value(r, "/", "total") != "4000" || !strings.Contains(r.Status, "/boot does not answer"):
				t.Errorf("%v: %v, %+v", timeout, err, r)
			case timeout < time.Minute && !strings.Contains(r.Status, "/mnt/auto was not asked: the check's time was up"):
				t.Errorf("%v: %q", timeout, r.Status)
			}
		})
	}
}

func TestFilesystemThatFails(t *testing.T) {
	rack := newRack()
	rack.fails["/mnt/nfs"] = syscall.ESTALE
	rack.fails["/mnt/sshfs"] = syscall.EACCES // another user's
	rack.fails["/data"] = syscall.EACCES
	check := rack.check(captured("server", "first"))
	r := see(t, check, request("*", nil))
	if r.Status != "/data: permission denied; /mnt/nfs: stale file handle" || len(r.Metrics) != 9*7 {
		t.Errorf("%q, %s", r.Status, dimensions(r))
	}
	r, _, err := look(t, check, request("/mnt/sshfs", nil))
	if err != nil || !r.Unavailable || r.Status != "/mnt/sshfs: permission denied" {
		t.Errorf("%v, %+v", err, r)
	}
}

// The whole way: the runner's result of a host whose file servers are dead.
func TestFilesystemResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rack := newRack("/mnt/nfs")
		defer close(rack.gone)
		registry, err := collect.NewRegistry(collect.Type{Name: "agent.filesystem", Checker: rack.check(captured("server", "first"))})
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
			resting(hangs, mount{id: h.id, point: h.point}, time.Unix(1700000001, 0))
		}
	})
}
