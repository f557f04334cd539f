package torture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/transport/transporttest"
)

// mount mounts a tmpfs of the given size over the host's state.
func (h *host) mount(size string) {
	h.t.Helper()
	if err := os.MkdirAll(h.state, 0o700); err != nil {
		h.t.Fatal(err)
	}
	h.mountUntilEnd("tmpfs", h.state, "tmpfs", 0, "mode=700,size="+size)
}

// mountUntilEnd mounts until the test ends.
func (h *host) mountUntilEnd(source, target, kind string, flags uintptr, data string) {
	h.t.Helper()
	switch err := syscall.Mount(source, target, kind, flags, data); {
	case errors.Is(err, syscall.EPERM):
		missing(h.t, "only root may mount (CAP_SYS_ADMIN)")
	case err != nil:
		h.t.Fatalf("mount %s: %v", target, err)
	}
	h.t.Cleanup(func() { syscall.Unmount(target, syscall.MNT_DETACH) })
}

// A disk of 1 MiB that virgo itself fills: every result is stored or reported as lost, and as soon as the endpoint is
// back everything stored is delivered and the disk has room again.
func TestDiskThatVirgoFills(t *testing.T) {
	r := newRecordingEndpoint(t)
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	h.mount("1m")
	l := newLedger(t)
	lost, kept := 0, 0
	for i := 0; lost < 5; i++ {
		if i == 1000 {
			t.Fatalf("%d runs fit on the disk", i)
		}
		one := h.bulkyCheckSet(fmt.Sprint("full", i), 200)
		l.start(one.checks)
		switch e := h.run("run"); e.code {
		case 0:
			l.expect(fmt.Sprintf("run %d ended with 0", i), one.checks...)
			kept++
		case 5:
			lost++
			l.lossKnown = true
			if want := "results are lost: they could not be stored"; !strings.Contains(e.errs, want) || !strings.Contains(e.errs, "no room left on the disk") || !strings.Contains(e.errs, "make room on the disk") {
				t.Errorf("it ended with 5 and prints: %s", e.errs)
			}
		default:
			t.Fatalf("run %d ended with %d: %s", i, e.code, e.errs)
		}
		h.removeCheckSet(one)
	}
	if kept == 0 {
		t.Fatal("nothing was ever stored")
	}
	l.expectSpooled("it was in the spool of the full disk", h)
	t.Logf("%d runs of 200 results kept, %d lost; %d results wait", kept, lost, len(h.waiting()))

	h.configure(r.Address(), r.Pin())
	one := h.newCheckSet("again", "")
	l.start(one.checks)
	e := h.run("run")
	l.expect("it was delivered", one.checks...)
	if e.code != 0 {
		t.Errorf("on a full disk, the endpoint there, a run ended with %d: %s", e.code, e.errs)
	}
	h.removeCheckSet(one)
	one = h.newCheckSet("after", "")
	l.start(one.checks)
	l.expect("it was kept or delivered", one.checks...)
	h.drain(l)
	l.verify(storedIn(t, r))
	if l.losses == 0 {
		t.Error("the endpoint was not told of the results that were lost")
	}
	report(t, "disk-filled-by-virgo", kept+lost)
}

// bulkyCheckSet is a set of many quick checks.
func (h *host) bulkyCheckSet(name string, n int) checkSet {
	h.t.Helper()
	r := checkSet{name: name}
	var text strings.Builder
	for i := range n {
		id := idNotDueSoon(fmt.Sprint(name, "-", i))
		fmt.Fprintf(&text, "- id: %s\n  type: agent.memory\n  period: %d\n  timeout: 30\n", id, int(period.Seconds()))
		r.checks = append(r.checks, id)
	}
	h.write(filepath.Join("checks.d", name+".yaml"), text.String(), 0o600)
	return r
}

// Another program fills the disk to its last byte, and makes room again.
func TestDiskThatOthersFill(t *testing.T) {
	for _, page := range []int{0, 1, 2, 3, 5, 8} { // pages left free
		t.Run(fmt.Sprint(page, " pages free"), func(t *testing.T) {
			h, l, e := newHostWithEndpoint(t)
			h.mount("1m")
			h.backlog(l, 2)
			ballast := filepath.Join(h.state, "ballast")
			fill(t, ballast)
			if err := os.Truncate(ballast, max(0, size(t, ballast)-int64(page)*4096)); err != nil {
				t.Fatal(err)
			}
			one := h.newCheckSet("full", "")
			l.start(one.checks)
			end := h.run("run")
			if end.code != 0 {
				t.Errorf("it ended with %d: %s", end.code, end.errs)
			}
			l.expect("the run ended with 0", one.checks...)
			if page == 0 && !strings.Contains(end.errs, "delivered from memory") {
				t.Errorf("with no room at all it prints %q", end.errs)
			}
			h.removeCheckSet(one)
			if end := h.run("run"); end.code != 0 {
				t.Errorf("with nothing due it ended with %d: %s", end.code, end.errs)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			one = h.newCheckSet("room", "")
			l.start(one.checks)
			l.expect("the run with room ended with 0", one.checks...)
			h.drain(l)
			l.verify(storedIn(t, e))
		})
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4096); err == nil; {
		_, err = f.Write(b)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// newHostWithEndpoint is a host whose endpoint is reachable.
func newHostWithEndpoint(t *testing.T) (*host, *ledger, *transporttest.Endpoint) {
	t.Helper()
	e := newRecordingEndpoint(t)
	h := newHost(t, e.Address(), e.Pin())
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	return h, newLedger(t), e
}
