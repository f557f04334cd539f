package torture

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// checkDeliveredFromMemory checks the message of a run that could not store its results and delivered them.
func checkDeliveredFromMemory(t *testing.T, e exitState) {
	t.Helper()
	if e.code != 0 || !strings.Contains(e.errs, "the results could not be stored (") || !strings.Contains(e.errs, "they were delivered from memory") {
		t.Errorf("it ended with %d, want 0 and what could not be stored: %s", e.code, e.errs)
	}
}

// A file system turns read-only, as ext4 does after an error, and is repaired.
func TestDiskTurnsReadOnly(t *testing.T) {
	h, l, e := newHostWithEndpoint(t)
	h.mount("1m")
	h.backlog(l, 2)
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("", h.state, "", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	for i := range 3 {
		one := h.newCheckSet(fmt.Sprint("ro", i), "")
		l.start(one.checks)
		end := h.run("run")
		checkDeliveredFromMemory(t, end)
		if !strings.Contains(end.errs, "read-only file system") {
			t.Errorf("it prints %s", end.errs)
		}
		l.expect("it was delivered from memory", one.checks...)
		h.removeCheckSet(one)
	}
	remount(0)
	l.expectSpooled("it was there when the disk turned read-only", h)
	h.drain(l)
	l.verify(storedIn(t, e))
}

// The user may no longer write to the state folder.
func TestFolderMayNotBeWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		missing(t, "only root can run virgo-run as another user")
	}
	h, l, e := newHostWithEndpoint(t)
	const nobody = 65534
	// Everything belongs to that user and can be reached.
	for dir := h.root; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	shared := filepath.Join(h.root, "virgo-run")
	b, err := os.ReadFile(program(t, "virgo-run"))
	if err == nil {
		err = os.WriteFile(shared, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	asNobody := func(args ...string) exitState {
		t.Helper()
		err := filepath.WalkDir(h.root, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, nobody, nobody)
		})
		if err != nil {
			t.Fatal(err)
		}
		cmd := h.command(t.Context(), args...)
		cmd.Path, cmd.Args[0] = shared, shared
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return finish(t, cmd)
	}
	kept := h.newCheckSet("kept", "")
	l.start(kept.checks)
	l.expect("a run stored it", kept.checks...)
	if end := asNobody("run", "--no-deliver"); end.code != 0 {
		t.Fatalf("it ended with %d: %s", end.code, end.errs)
	}
	h.removeCheckSet(kept)

	for _, mode := range []os.FileMode{0o500, 0o400, 0} {
		if err := os.Chmod(h.state, mode); err != nil {
			t.Fatal(err)
		}
		for _, file := range []os.FileMode{0o400, 0} {
			if err := os.Chmod(filepath.Join(h.state, "virgo.db"), file); err != nil {
				t.Fatal(err)
			}
			one := h.newCheckSet(fmt.Sprintf("mode-%o-%o", mode, file), "")
			l.start(one.checks)
			checkDeliveredFromMemory(t, asNobody("run"))
			if t.Failed() {
				t.Fatalf("folder of mode %o, file of mode %o", mode, file)
			}
			l.expect("it was delivered from memory", one.checks...)
			h.removeCheckSet(one)
		}
	}
	if err := os.Chmod(h.state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(h.state, "virgo.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	if end := asNobody("run", "--strict"); end.code != 0 {
		t.Errorf("the last run ended with %d: %s", end.code, end.errs)
	}
	l.verify(storedIn(t, e))
}

// The disk goes away while a check runs, and comes back later.
func TestDiskVanishes(t *testing.T) {
	h, l, e := newHostWithEndpoint(t)
	disk := filepath.Join(h.root, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	h.mountUntilEnd("tmpfs", disk, "tmpfs", 0, "mode=700,size=1m")
	bind := func() {
		if err := os.MkdirAll(h.state, 0o700); err != nil {
			t.Fatal(err)
		}
		h.mountUntilEnd(disk, h.state, "", syscall.MS_BIND, "")
	}
	bind()
	h.backlog(l, 1)
	for _, left := range []string{"an empty folder", "a read-only folder", "nothing"} {
		t.Run(left, func(t *testing.T) {
			one := h.newCheckSet("gone-"+strings.ReplaceAll(left, " ", "-"), "")
			defer h.removeCheckSet(one)
			// A plugin that signals that it started, and waits until it may end.
			h.write(filepath.Join("plugins", "count.sh"), waitPlugin, 0o700)
			for _, name := range []string{"began", "go"} {
				path := filepath.Join(h.root, name)
				os.Remove(path)
				if err := syscall.Mkfifo(path, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := h.command(t.Context(), "run")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.ReadFile(filepath.Join(h.root, "began")); err != nil {
				t.Fatal(err)
			}
			h.waiting() // which waits until the run has committed its claims and holds no file open
			if err := syscall.Unmount(h.state, syscall.MNT_DETACH); err != nil {
				t.Fatal(err)
			}
			switch left {
			case "a read-only folder":
				h.mountUntilEnd("tmpfs", h.state, "tmpfs", syscall.MS_RDONLY, "mode=700")
			case "nothing":
				if err := os.RemoveAll(h.state); err != nil {
					t.Fatal(err)
				}
			}
			l.start(one.checks)
			l.expect("the run ended with 0", one.checks...)
			if err := os.WriteFile(filepath.Join(h.root, "go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			code := exitOf(t, cmd.Wait())
			if code != 0 || time.Since(started) > 10*time.Second {
				t.Errorf("it ended with %d after %s: %s", code, time.Since(started), errs.String())
			}
			if left == "a read-only folder" {
				checkDeliveredFromMemory(t, exitState{code: code, errs: errs.String()})
				if err := syscall.Unmount(h.state, syscall.MNT_DETACH); err != nil {
					t.Fatal(err)
				}
			}
			bind()
		})
	}
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	h.drain(l)
	l.verify(storedIn(t, e))
}

const waitPlugin = `#!/bin/sh
echo began >../began
cat ../go
echo "status it was here"
`

// Each sync takes seconds: the run ends in time, stores and delivers.
func TestDiskIsSlow(t *testing.T) {
	needStrace(t)
	t.Parallel()
	delay := "1000000"
	if newBudget(t, 0, 0).tryAll {
		delay = "5000000"
	}
	h, l, e := newHostWithEndpoint(t)
	h.backlog(l, 1)
	one := h.newCheckSet("slow", "")
	l.start(one.checks)
	end := finish(t, h.traced(t.Context(), true, []string{"fdatasync:delay_enter=" + delay}, "run"))
	if end.code != 0 || end.errs != "" {
		t.Errorf("it ended with %d: %s", end.code, end.errs)
	}
	if end.took < 2*time.Second || end.took > 52*time.Second {
		t.Errorf("it took %s", end.took)
	}
	l.expect("the run ended with 0", one.checks...)
	h.drain(l)
	l.verify(storedIn(t, e))
}

// A sync does not return within the run's time: the run ends shortly after its deadline.
func TestDiskHangs(t *testing.T) {
	needStrace(t)
	t.Parallel()
	h, l, e := newHostWithEndpoint(t)
	h.backlog(l, 1)
	one := h.newCheckSet("hangs", "")
	l.start(one.checks)
	cmd := h.traced(t.Context(), true, []string{"fdatasync:delay_enter=60000000"}, "run", "--deadline=2s")
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// strace keeps the process until the delay is over; virgo's last line marks when it would have ended.
	line, err := bufio.NewReader(errs).ReadString('\n')
	if took := time.Since(started); err != nil || !strings.Contains(line, "most likely on the disk of") || took < 4*time.Second || took > 10*time.Second {
		t.Errorf("after %s it prints %q (%v)", took, line, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	h.removeCheckSet(one)
	h.drain(l)
	l.verify(storedIn(t, e))
}

// The state folder cannot be reached, or not created.
func TestFolderCannotBeReached(t *testing.T) {
	t.Run("stale", func(t *testing.T) {
		needStrace(t)
		h, l, e := newHostWithEndpoint(t)
		h.backlog(l, 1)
		for _, name := range []string{"EIO", "ESTALE"} {
			one := h.newCheckSet(name, "")
			l.start(one.checks)
			l.expect("it was delivered from memory", one.checks...)
			checkDeliveredFromMemory(t, finish(t, h.traced(t.Context(), true, []string{"newfstatat,openat:error=" + name}, "run")))
			h.removeCheckSet(one)
		}
		h.drain(l)
		l.verify(storedIn(t, e))
	})
	t.Run("read-only from the start", func(t *testing.T) {
		h, l, e := newHostWithEndpoint(t)
		disk := filepath.Join(h.root, "disk")
		if err := os.Mkdir(disk, 0o700); err != nil {
			t.Fatal(err)
		}
		h.mountUntilEnd("tmpfs", disk, "tmpfs", syscall.MS_RDONLY, "mode=700")
		h.state = filepath.Join(disk, "state")
		one := h.newCheckSet("first", "")
		l.start(one.checks)
		l.expect("it was delivered from memory", one.checks...)
		checkDeliveredFromMemory(t, h.run("run"))
		l.verify(storedIn(t, e))
		h.configure(nowhere, zeroPin)
		if end := h.run("run"); end.code != 5 || !strings.Contains(end.errs, "4 results are lost") {
			t.Errorf("neither stored nor delivered, it ended with %d: %s", end.code, end.errs)
		}
		if end := h.run("status"); end.code != 2 || !strings.Contains(end.errs, "read-only file system") {
			t.Errorf("status ended with %d: %s", end.code, end.errs)
		}
	})
}
