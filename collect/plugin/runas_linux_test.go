package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// rerun runs the current test in a new process and fails where it fails there.
func rerun(t *testing.T, attributes *syscall.SysProcAttr, environ ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can change its user")
	}
	// The new process may not be allowed to enter the binary's folder.
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", append(os.Environ(), environ...), attributes
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
}

// TestRunAsNeedsRoot: an agent that is not root refuses run_as, even with its own user, and does
// not run the plugin.
func TestRunAsNeedsRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		dir := openFolder(t)
		if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		nobody, err := lookupIdentity("nobody", "")
		if err != nil {
			t.Fatal(err)
		}
		rerun(t, &syscall.SysProcAttr{Credential: nobody.credential()}, "TMPDIR="+dir)
		return
	}
	dir := folder(t)
	ran := filepath.Join(t.TempDir(), "ran")
	install(t, dir, "p", "#!/bin/sh\necho status $(id -u)\necho >'"+ran+"'\n")
	for _, who := range []any{"root", "0", "0:0", "nobody", "daemon:daemon", os.Geteuid(), fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid())} {
		_, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "run_as": who})
		if want := `detail "run_as": the agent is not root, so plugins run as its own user only`; errText(err) != want {
			t.Errorf("as %v: %v, want %q", who, err, want)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the plugin ran")
	}
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p"}); err != nil || r.Status != fmt.Sprint(os.Geteuid()) {
		t.Errorf("without run_as: %q, %v", r.Status, err)
	}
}

// TestRunAsGroups: a plugin gets its user's supplementary groups and none of the agent's.
func TestRunAsGroups(t *testing.T) {
	const (
		agentGroup  = 4001009
		etcVariable = "PLUGIN_TEST_ETC" // the folder whose passwd and group replace those of /etc
	)
	etc := os.Getenv(etcVariable)
	if etc == "" {
		dir := openFolder(t)
		for name, text := range map[string]string{
			"passwd": "root:x:0:0::/root:/bin/sh\nmember:x:4001001:4001002::/home/member:/bin/sh\n",
			"group":  "root:x:0:\nown:x:4001002:\nfirst:x:4001003:other,member\nothers:x:4001004:other\nlast:x:4001005:member\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
			collecttest.Lacks(t, "no permission to mount another /etc/passwd: run as root on a kernel with mount namespaces")
		}
		rerun(t, &syscall.SysProcAttr{
			Unshareflags: syscall.CLONE_NEWNS, // its mounts are invisible outside
			Credential:   &syscall.Credential{Groups: []uint32{agentGroup}},
		}, etcVariable+"="+dir)
		return
	}
	for _, name := range []string{"passwd", "group"} {
		if err := syscall.Mount(filepath.Join(etc, name), "/etc/"+name, "", syscall.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
	}
	dir := openFolder(t)
	install(t, dir, "id", "#!/bin/sh\necho status $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ,) $USER $LOGNAME $HOME\n")
	for _, tt := range []struct{ runAs, want string }{
		{"", fmt.Sprintf("0 0 0,%d, ", agentGroup)}, // as the agent, which has the group
		{"member", "4001001 4001002 4001002,4001003,4001005, member member /home/member"},
		{"4001001", "4001001 4001002 4001002,4001003,4001005, member member /home/member"},
		{"member:others", "4001001 4001004 4001003,4001004,4001005, member member /home/member"},
		{"member:first", "4001001 4001003 4001003,4001005, member member /home/member"},
		{"4001007:4001008", "4001007 4001008 4001008, 4001007 4001007 /"},
	} {
		details := schedule.Details{"file": "id"}
		if tt.runAs != "" {
			details["run_as"] = tt.runAs
		}
		if r, err := checkIn(t.Context(), dir, details); err != nil || !strings.HasPrefix(r.Status, tt.want) {
			t.Errorf("as %q: %q, %v; want %q", tt.runAs, r.Status, err, tt.want)
		}
	}
}
