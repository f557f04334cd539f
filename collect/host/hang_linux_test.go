package host

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waitUntilEnded waits until no process has word in its command line; the test's time limit bounds
// it.
func waitUntilEnded(t *testing.T, word string) {
	t.Helper()
	for {
		files, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		alive := false
		for _, file := range files {
			line, _ := os.ReadFile(file) // an ended process has none
			alive = alive || strings.Contains(string(line), word)
		}
		if !alive {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// deadFUSE mounts a FUSE file system whose server never answers, and returns its mount point.
func deadFUSE(t *testing.T) string {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("a real file system that hangs needs /dev/fuse: %v", err)
	}
	point := t.TempDir()
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, os.Getuid(), os.Getgid())
	if err := unix.Mount("dead", point, "fuse.dead", unix.MS_NOSUID|unix.MS_NODEV, data); err != nil {
		unix.Close(fd)
		t.Skipf("a real file system that hangs needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		// Closing the server's side ends everything that waits for it.
		unix.Close(fd)
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return point
}

// ownNamespace is the argument of the test binary in a mount namespace of its own.
const ownNamespace = "in-a-mount-namespace-of-its-own"

// inOwnNamespace runs the test again in a process with a mount namespace of its own, because other
// programs that call statfs for all file systems of this host would hang, and returns whether this
// is that process.
func inOwnNamespace(t *testing.T) bool {
	t.Helper()
	if flag.Arg(0) == ownNamespace {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", ownNamespace)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("a real file system that hangs needs a mount namespace of its own: %v", err)
	}
	switch text := string(out); {
	case err != nil || !strings.Contains(text, "PASS"):
		t.Errorf("%v\n%s", err, text)
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	}
	return false
}

func TestRealFileSystemThatHangs(t *testing.T) {
	if !inOwnNamespace(t) {
		return
	}
	for name, opt := range map[string]Options{
		"by child":   {StatProgram: statProgram("statfs")},
		"in process": {},
	} {
		t.Run(name, func(t *testing.T) {
			point := deadFUSE(t)
			check := typeNamed(t, opt, "agent.filesystem").Checker
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			r, err := check.Check(ctx, request("*", nil))
			if err != nil || r.Unavailable || r.Status != point+" does not answer" {
				t.Errorf("%v, %+v", err, r)
			}
			if value(r, "/", "total") == "" || value(r, point, "total") != "" {
				t.Errorf("%s", dimensions(r))
			}
			// Then it is not probed, and named.
			again, err := check.Check(t.Context(), request("*", r.Sample))
			if err != nil || !strings.HasPrefix(again.Status, point+" did not answer at ") || value(again, "/", "total") == "" {
				t.Errorf("%v, %+v", err, again)
			}
			if opt.StatProgram != nil {
				waitUntilEnded(t, point)
			}
		})
	}
}
