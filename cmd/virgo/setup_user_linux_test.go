package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"virgo/cmd/internal/config"
)

// A user's agent that is set up gets an id of its own, since the host's agent has that of the host. Agents
// that were set up before keep theirs: the endpoint has their results under it.
func TestSetupGivesAUsersAgentAnID(t *testing.T) {
	uid := os.Geteuid()
	if uid == 0 {
		uid = 4001010
	}
	for _, tt := range []struct {
		name string
		uid  int
		file string // that is there before
		text string
		args []string
		want string // the agent_id in the file
	}{
		{"a user", uid, "", "", nil, config.UserAgentID(uid)},
		{"root", 0, "", "", nil, config.DefaultAgentID()},
		{"an id is given", uid, "", "", []string{"--agent-id", "mine"}, "mine"},
		{"the configuration of before", uid, "virgo.yaml", "endpoint: [\"localhost:1\"]\n", nil, config.DefaultAgentID()},
		{"its id", uid, "virgo.yaml", "agent_id: mine\n", nil, "mine"},
		{"the results of before", uid, "state/virgo.db", "", nil, config.DefaultAgentID()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.uid == 0 && os.Geteuid() != 0 {
				t.Skip("only root can run it as root")
			}
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
				t.Fatal(err)
			}
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			giveTo(t, dir, tt.uid)
			// /proc/self/exe works for users who may not enter the folder of the test binary.
			cmd := exec.Command("/proc/self/exe")
			cmd.Args = append([]string{"virgo", "setup", "--no-check", "--endpoint", "localhost:1", "--token-file", "-"}, tt.args...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader("T0KEN\n")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "VIRGO_CONFIG=" + filepath.Join(dir, "virgo.yaml"),
				"VIRGO_PLUGINS=" + filepath.Join(dir, "plugins"), "VIRGO_STATE=" + filepath.Join(dir, "state")}
			if tt.uid != os.Geteuid() {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(tt.uid), Gid: uint32(tt.uid)}}
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			written, err := os.ReadFile(filepath.Join(dir, "virgo.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			id := ""
			if found := regexp.MustCompile(`(?m)^agent_id: (.*)$`).FindSubmatch(written); found != nil {
				id = strings.Trim(string(found[1]), `"`)
			}
			if id != tt.want {
				t.Errorf("agent_id %q, want %q", id, tt.want)
			}
		})
	}
}

// giveTo makes a user the owner of a folder of the test, and lets it reach it.
func giveTo(t *testing.T, dir string, uid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	})
	if err := errors.Join(err, os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
}
