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

// mount puts a tmpfs of that size over the host's state.
func (h *host) mount(size string) {
	h.t.Helper()
	if err := os.MkdirAll(h.state, 0o700); err != nil {
		h.t.Fatal(err)
	}
	h.mounted("tmpfs", h.state, "tmpfs", 0, "mode=700,size="+size)
}

// mounted mounts until the test ends.
func (h *host) mounted(source, target, kind string, flags uintptr, data string) {
	h.t.Helper()
	switch err := syscall.Mount(source, target, kind, flags, data); {
	case errors.Is(err, syscall.EPERM):
		lacks(h.t, "only root may mount (CAP_SYS_ADMIN)")
	case err != nil:
		h.t.Fatalf("mount %s: %v", target, err)
	}
	h.t.Cleanup(func() { syscall.Unmount(target, syscall.MNT_DETACH) })
}

// A disk of 1 MiB that virgo itself fills: every result is kept or reported as lost, and as soon as the
// endpoint is there again what was kept is delivered and the disk has room again.
func TestDiskThatVirgoFills(t *testing.T) {
	r := newBooks(t)
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	h.mount("1m")
	l := newLedger(t)
	lost, kept := 0, 0
	for i := 0; lost < 5; i++ {
		if i == 1000 {
			t.Fatalf("%d runs fit on the disk", i)
		}
		one := h.bulkyRound(fmt.Sprint("full", i), 200)
		l.begin(one.checks)
		switch e := h.run("run"); e.code {
		case 0:
			l.keep(fmt.Sprintf("run %d ended with 0", i), one.checks...)
			kept++
		case 5:
			lost++
			if want := "results are lost: they could not be kept"; !strings.Contains(e.errs, want) || !strings.Contains(e.errs, "no room left on the disk") || !strings.Contains(e.errs, "make room on the disk") {
				t.Errorf("it ended with 5 and says: %s", e.errs)
			}
		default:
			t.Fatalf("run %d ended with %d: %s", i, e.code, e.errs)
		}
		h.endRound(one)
	}
	if kept == 0 {
		t.Fatal("nothing was ever kept")
	}
	l.keepWaiting("it was in the spool of the full disk", h)
	t.Logf("%d runs of 200 results kept, %d lost; %d results wait", kept, lost, len(h.waiting()))

	h.configure(r.Address(), r.Pin())
	one := h.newRound("again", "")
	l.begin(one.checks)
	e := h.run("run")
	l.keep("it was delivered", one.checks...)
	if e.code != 0 {
		t.Errorf("on a full disk, the endpoint there, a run ended with %d: %s", e.code, e.errs)
	}
	h.endRound(one)
	one = h.newRound("after", "")
	l.begin(one.checks)
	l.keep("it was kept or delivered", one.checks...)
	h.drain(l)
	l.settle(inBooks(t, r))
	report(t, "disk-filled-by-virgo", kept+lost)
}

// bulkyRound is a round of many quick checks.
func (h *host) bulkyRound(name string, n int) round {
	h.t.Helper()
	r := round{name: name}
	var text strings.Builder
	for i := range n {
		id := quietID(fmt.Sprint(name, "-", i))
		fmt.Fprintf(&text, "- id: %s\n  type: agent.memory\n  period: %d\n  timeout: 30\n", id, int(period.Seconds()))
		r.checks = append(r.checks, id)
	}
	h.write(filepath.Join("checks.d", name+".yaml"), text.String(), 0o600)
	return r
}

// Something else fills the disk to its last byte, and makes room again.
func TestDiskThatOthersFill(t *testing.T) {
	for _, page := range []int{0, 1, 2, 3, 5, 8} { // pages that are left
		t.Run(fmt.Sprint(page, " pages free"), func(t *testing.T) {
			h, l, e := newDiskHost(t)
			h.mount("1m")
			h.backlog(l, 2)
			ballast := filepath.Join(h.state, "ballast")
			fill(t, ballast)
			if err := os.Truncate(ballast, max(0, size(t, ballast)-int64(page)*4096)); err != nil {
				t.Fatal(err)
			}
			one := h.newRound("full", "")
			l.begin(one.checks)
			end := h.run("run")
			if end.code != 0 {
				t.Errorf("it ended with %d: %s", end.code, end.errs)
			}
			l.keep("the run ended with 0", one.checks...)
			if page == 0 && !strings.Contains(end.errs, "delivered from memory") {
				t.Errorf("with no room at all it says %q", end.errs)
			}
			h.endRound(one)
			if end := h.run("run"); end.code != 0 {
				t.Errorf("with nothing due it ended with %d: %s", end.code, end.errs)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			one = h.newRound("room", "")
			l.begin(one.checks)
			l.keep("the run with room ended with 0", one.checks...)
			h.drain(l)
			l.settle(inBooks(t, e))
		})
	}
}

// fill writes a file until no byte more goes in.
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

// newDiskHost is a host whose endpoint is there.
func newDiskHost(t *testing.T) (*host, *ledger, *transporttest.Endpoint) {
	t.Helper()
	e := newBooks(t)
	h := newHost(t, e.Address(), e.Pin())
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	return h, newLedger(t), e
}
