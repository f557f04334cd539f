package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Root can run a plugin as another user, other users cannot.
func TestRunAs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("the user nobody is missing")
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(nobody.Gid)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "run-as") // others cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	plugin := filepath.Join(dir, "id")
	for path, text := range map[string]string{
		plugin:                           "#!/bin/sh\necho status I am $(id -u) $(id -g) $(id -G) $USER $HOME\n",
		filepath.Join(dir, "virgo.yaml"): "agent_id: test\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	virgo := func(as *syscall.Credential, args ...string) (string, int) {
		// /proc/self/exe works for users who may not enter the folder of the test binary; TestMain
		// uses Args[0].
		cmd := exec.Command("/proc/self/exe")
		cmd.Args = append([]string{"virgo"}, args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nowhere", "USER=somebody", "NO_COLOR=1", "VIRGO_CONFIG=" + filepath.Join(dir, "virgo.yaml"),
			"VIRGO_PLUGINS=" + dir, "VIRGO_STATE=" + filepath.Join(dir, "state")}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	root, other := &syscall.Credential{Groups: []uint32{4001009}}, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	given := fmt.Sprintf("available  I am %d %d %d nobody %s (", uid, gid, gid, nobody.HomeDir)
	const refused = `detail "run_as": the agent is not root, so plugins run as its own user only`
	for _, tt := range []struct {
		as   *syscall.Credential
		args []string
		code int
		want string
	}{
		{root, []string{"check", "agent.plugin", "file=id"}, 0, "available  I am 0 0 0 4001009 somebody /nowhere ("},
		{root, []string{"check", "agent.plugin", "file=id", "run_as=nobody"}, 0, given},
		{root, []string{"plugin", "test", "--run-as", "nobody", plugin}, 0, given},
		{other, []string{"check", "agent.plugin", "file=id", "run_as=root"}, 1, refused},
		{other, []string{"check", "agent.plugin", "file=id", "run_as=nobody"}, 1, refused},
		{other, []string{"plugin", "test", "--run-as", "root", plugin}, 1, refused},
		{other, []string{"check", "agent.plugin", "file=id"}, 0, fmt.Sprintf("available  I am %d %d %d somebody /nowhere (", uid, gid, gid)},
	} {
		out, code := virgo(tt.as, tt.args...)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%d: virgo %s ended with %d and printed %q; want %d and %q", tt.as.Uid, strings.Join(tt.args, " "), code, out, tt.code, tt.want)
		}
	}
}
