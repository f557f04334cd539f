package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"virgo/transport/transporttest"
)

// Another user of the host reads /proc while setup runs: the token is in no command line and in no
// environment, of setup or of anything that it starts.
func TestHostCannotReadTheTokenFromTheProcessList(t *testing.T) {
	const token = "virgo_T0KEN-of-the-owner"
	asked := make(chan struct{})
	release := make(chan struct{})
	e, err := transporttest.New(transporttest.Script{Keys: true, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	address := serveWhenReleased(t, e, asked, release)
	dir := t.TempDir()
	cmd := exec.Command("virgo", "setup", "--endpoint", address, "--pin", e.Pin(), "--token-file", "-")
	cmd.Env = append(os.Environ(), "VIRGO_CONFIG="+filepath.Join(dir, "virgo.yaml"),
		"VIRGO_STATE="+filepath.Join(dir, "state"), "VIRGO_PROXY=none")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, token+"\n")
	in.Close()
	<-asked // it has the token now, and waits for the endpoint
	seen := 0
	for _, name := range []string{"cmdline", "environ"} {
		files, err := filepath.Glob("/proc/[0-9]*/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended, or is another user's
			}
			if strings.HasPrefix(file, "/proc/"+strconv.Itoa(cmd.Process.Pid)+"/") {
				seen++
			}
			if strings.Contains(string(b), token) {
				t.Errorf("%s has the token", file)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d files of setup itself were read", seen)
	}
	close(release)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if len(e.Keys()) != 1 || strings.Contains(out.String(), token) {
		t.Errorf("%d keys, printed\n%s", len(e.Keys()), out.String())
	}
	for _, file := range []string{filepath.Join(dir, "virgo.yaml"), filepath.Join(dir, "state", "virgo.db")} {
		if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), token) {
			t.Errorf("%s has the token, or: %v", file, err)
		}
	}
}
