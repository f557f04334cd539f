package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/schedule"
)

// Whoever may write to a folder above the plugin folder swaps the plugin folder for his own, again and
// again. What he put there never runs as the agent.
func TestRenameRaceOfAParentFolder(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open")
	good, evil := filepath.Join(open, "plugins"), filepath.Join(open, "evil")
	for _, dir := range []string{open, good, evil} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ran := filepath.Join(t.TempDir(), "ran")
	install(t, good, "p", "#!/bin/sh\necho status good\n")
	install(t, evil, "p", "#!/bin/sh\necho >'"+ran+"'\necho status evil\n")
	if r, err := checkIn(t.Context(), good, schedule.Details{"file": "p"}); err != nil || r.Status != "good" {
		t.Fatalf("before the folder was open to others: %q, %v", r.Status, err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	stop, swaps := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				swaps <- n
				return
			default:
			}
			unix.Renameat2(unix.AT_FDCWD, good, unix.AT_FDCWD, evil, unix.RENAME_EXCHANGE)
			n++
		}
	}()
	for range 500 {
		r, err := checkIn(t.Context(), good, schedule.Details{"file": "p"})
		if err == nil || !strings.Contains(err.Error(), "is writable by others (mode 0777); to fix it: chmod go-w ") {
			t.Fatalf("it ran: %q, %v", r.Status, err)
		}
	}
	close(stop)
	t.Log(<-swaps, "swaps")
	if _, err := os.Stat(ran); err == nil {
		t.Error("the other plugin ran")
	}
}

// A file that is replaced after it was checked is not run.
func TestFileReplacedAfterTheCheck(t *testing.T) {
	dir := folder(t)
	path := install(t, dir, "p", "#!/bin/sh\necho status checked\n")
	c := Type(Options{Dir: dir, Environ: os.Environ()}).Checker.(*checker)
	c.resolve = func(path string) (string, os.FileInfo, error) {
		resolved, info, err := resolveOwned(path)
		if filepath.Base(path) == "p" {
			install(t, dir, "other", "#!/bin/sh\necho status other\n")
			if err := os.Rename(filepath.Join(dir, "other"), path); err != nil {
				t.Fatal(err)
			}
		}
		return resolved, info, err
	}
	check := schedule.Check{ID: "c", Type: TypeName, Timeout: time.Minute, Details: schedule.Details{"file": "p"}}
	r, err := c.Check(t.Context(), collect.Request{Check: check})
	if errText(err) != "plugin could not be started: its file was replaced meanwhile" {
		t.Errorf("%s ran: %q, %v", path, r.Status, err)
	}
}

// A program of this machine is started by the descriptor that was checked, under its own name; a script
// by its path, by which it finds what lies beside it.
func TestStartPath(t *testing.T) {
	dir := folder(t)
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	install(t, dir, "native", string(shell))
	install(t, dir, "foreign", "\x7fELF\x02\x01\x01\x00"+strings.Repeat("\x00", 10)+"\xff\xff")
	path := install(t, dir, "script", "#!/bin/sh\n. \"$(dirname \"$0\")/library\"\necho status $0 $library\n")
	install(t, dir, "library", "library=found\n")
	for name, byDescriptor := range map[string]bool{"native": true, "foreign": false, "script": false} {
		p, err := locate(dir, name, resolveOwned)
		if err != nil {
			t.Fatal(err)
		}
		start, opened, err := p.startPath()
		if err != nil || strings.HasPrefix(start, "/proc/self/fd/") != byDescriptor || !byDescriptor && start != p.path {
			t.Errorf("%s is started by %q, %v", name, start, err)
		}
		opened.Close()
	}
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "native", "args": []any{"-c", "echo status $0 $(readlink /proc/$$/exe)"}})
	native := filepath.Join(dir, "native")
	if err != nil || r.Status != native+" "+native {
		t.Errorf("a program: %q, %v; want its name and its file", r.Status, err)
	}
	real, _ := filepath.EvalSymlinks(path)
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "script"}); err != nil || r.Status != real+" found" {
		t.Errorf("a script: %q, %v", r.Status, err)
	}
	// One that may be executed but not read, as another user.
	if os.Geteuid() != 0 {
		return
	}
	open := openFolder(t)
	install(t, open, "native", string(shell))
	if err := os.Chmod(filepath.Join(open, "native"), 0o711); err != nil {
		t.Fatal(err)
	}
	r, err = checkIn(t.Context(), open, schedule.Details{"file": "native", "run_as": "nobody", "args": []any{"-c", "echo status $(id -un)"}})
	if err != nil || r.Status != "nobody" {
		t.Errorf("as nobody: %q, %v", r.Status, err)
	}
}

// push is the role of a plugin that tries to put a character into the input of a terminal.
func push() int {
	found := "no terminal"
	for _, path := range []string{"/dev/tty", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"} {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err == nil {
			c := byte('x')
			_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), unix.TIOCSTI, uintptr(unsafe.Pointer(&c)))
			found = fmt.Sprintf("terminal %s, TIOCSTI: %v", path, errno)
		}
		f.Close()
	}
	fmt.Println("status", found)
	return 0
}

// A plugin that runs as another user has no terminal to put characters into, although root's session
// that runs virgo has one.
func TestPluginHasNoTerminal(t *testing.T) {
	const dirVariable = "VIRGO_TEST_TERMINAL_DIR"
	if dir := os.Getenv(dirVariable); dir != "" { // in a session with a terminal
		details := schedule.Details{"file": "push"}
		if os.Geteuid() == 0 {
			details["run_as"] = "nobody"
		}
		r, err := checkIn(t.Context(), dir, details)
		fmt.Printf("plugin: %s %v\n", r.Status, err)
		control := exec.Command(filepath.Join(dir, "push"))
		out, err := control.CombinedOutput()
		fmt.Printf("control: %s %v\n", strings.TrimSpace(string(out)), err)
		return
	}
	dir, err := os.MkdirTemp("/tmp", "terminal")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	install(t, dir, "attacker", string(self))
	install(t, dir, "push", "#!/bin/sh\n"+roleVariable+"=push exec '"+dir+"/attacker'\n")
	terminal, name := pseudoTerminal(t)
	defer terminal.Close()
	slave, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPluginHasNoTerminal$")
	cmd.Env = append(os.Environ(), dirVariable+"="+dir)
	cmd.Stdin = slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "plugin: no terminal <nil>\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "control: status terminal /dev/tty") {
		t.Errorf("the session of this test has no terminal that could be attacked\n%s", out)
	}
}

// pseudoTerminal returns a new terminal and the path of its other side.
func pseudoTerminal(t *testing.T) (*os.File, string) {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return f, fmt.Sprintf("/dev/pts/%d", n)
}

// A plugin sees none of the variables of the session that runs virgo, neither in its own environment
// nor, as another user, in the agent's.
func TestPluginCannotReadTheAgentsVariables(t *testing.T) {
	dir := openFolder(t)
	const env = "env | tr '\\n' ' ' | sed 's/^/status /'\n"
	install(t, dir, "env", "#!/bin/sh\n"+env)
	install(t, dir, "look", "#!/bin/sh\ncat /proc/$PPID/environ 2>/dev/null | tr '\\000' ' '\n"+env)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	typ := Type(Options{
		Dir:       dir,
		Environ:   append(os.Environ(), "SSH_AUTH_SOCK=/tmp/hunter2", "VIRGO_TOKEN=hunter2", "LD_PRELOAD=hunter2", "LANG=C"),
		Variables: []string{"ORACLE_HOME=/opt/o", "LANG=de_DE.UTF-8"},
	})
	for file, who := range map[string]string{"look": "nobody", "env": ""} { // root may read its own memory
		check := schedule.Check{ID: "c", Type: TypeName, Timeout: time.Minute, Details: schedule.Details{"file": file, "run_as": who}}
		r, err := typ.Checker.Check(t.Context(), collect.Request{Check: check})
		if err != nil || strings.Contains(r.Status, "hunter2") {
			t.Errorf("as %q: it sees what is not its own (%v)", who, err)
		}
		for _, want := range []string{"PATH=", "ORACLE_HOME=/opt/o", "LANG=de_DE.UTF-8", "RAX_CHECK_ID=c", "HOME="} {
			if !strings.Contains(r.Status, want) {
				t.Errorf("as %q: no %s", who, want)
			}
		}
	}
}
