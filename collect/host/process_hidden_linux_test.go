package host

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"

	"golang.org/x/sys/unix"
)

// hiddenProcesses is the argument of the test binary in a namespace of its own, before the options
// of its /proc.
const hiddenProcesses = "with-a-proc-of-its-own"

// A user from whom the kernel hides other users' processes gets no number of them, neither too small
// a one nor none where none is wanted.
func TestHiddenProcesses(t *testing.T) {
	if flag.Arg(0) == hiddenProcesses {
		checkHidden(t, flag.Arg(1))
		return
	}
	if os.Getuid() != 0 {
		collecttest.Lacks(t, "only root can mount a /proc with hidepid")
	}
	for _, options := range []string{"", "hidepid=0", "hidepid=1", "hidepid=2", "hidepid=2,gid=65534", "hidepid=4", "hidepid=4,gid=65534"} {
		t.Run(options, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestHiddenProcesses$", "-test.v", hiddenProcesses, options)
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Cloneflags: syscall.CLONE_NEWPID}
			out, err := cmd.CombinedOutput()
			switch text := string(out); {
			case strings.Contains(text, "--- SKIP") || text == "" && err != nil:
				t.Skip(err, text)
			case err != nil || !strings.Contains(text, "--- PASS: TestHiddenProcesses"):
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

func checkHidden(t *testing.T, options string) {
	if err := unix.Mount("proc", "/proc", "proc", 0, options); err != nil {
		t.Skip("mounting /proc:", err)
	}
	const user = 65534
	// They end with this process, the first of its namespace, and as that user it could not end all.
	for as, cred := range map[string]*syscall.Credential{"theirs": nil, "ours": {Uid: user, Gid: user}} {
		cmd := &exec.Cmd{Path: "/bin/sleep", Args: []string{as, "600"}, SysProcAttr: &syscall.SysProcAttr{Credential: cred}}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	check := func(d schedule.Details, want string) {
		t.Helper()
		r, _, err := runCheck(t, processCheck(t), requestWith(d))
		got := r.Status
		switch {
		case err != nil:
			got = err.Error()
		case !r.Unavailable:
			got = value(r, "", "count")
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	check(schedule.Details{"name": "sleep"}, "2") // root sees all
	if err := syscall.Setgroups(nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setresgid(user, user, user); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setresuid(user, user, user); err != nil {
		t.Fatal(err)
	}
	all, theirs, none := "2", "1", "2 processes named sleep, none wanted"
	switch options {
	case "", "hidepid=0", "hidepid=2,gid=65534":
	default:
		const hidden = "other users' processes cannot be seen, because /proc is mounted with hidepid: "
		all, theirs, none = hidden, hidden, hidden
	}
	check(schedule.Details{"name": "sleep"}, all)
	check(schedule.Details{"name": "sleep", "max": 0}, none)
	check(schedule.Details{"match": "^theirs"}, theirs)
	check(schedule.Details{"match": "^theirs", "user": 0}, theirs)
	check(schedule.Details{"name": "sleep", "user": user}, "1")
	if _, err := processCheck(t).(processes).Targets(t.Context()); (err != nil) != (all != "2") {
		t.Error(err)
	}
}

// Processes that another mechanism keeps this user from reading are not left out silently.
func TestProcessesThatCannotBeRead(t *testing.T) {
	s := procScan{}
	s.countUnread(&os.PathError{Op: "open", Path: "/proc/7/comm", Err: unix.EACCES})
	s.countUnread(&os.PathError{Op: "open", Path: "/proc/8/comm", Err: unix.EPERM})
	s.countUnread(&os.PathError{Op: "open", Path: "/proc/9/comm", Err: unix.ENOENT})
	s.countUnread(&os.PathError{Op: "read", Path: "/proc/9/comm", Err: unix.ESRCH})
	if s.unread != 2 {
		t.Errorf("%d unread", s.unread)
	}
}
