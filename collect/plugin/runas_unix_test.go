//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// openFolder returns a new plugin folder that every user can enter.
func openFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run a plugin as another user")
	}
	dir, err := os.MkdirTemp("/tmp", "plugins")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRunAs(t *testing.T) {
	dir := openFolder(t)
	nobody, err := lookupIdentity("nobody", "")
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := nobody.uid, nobody.gid
	const printIDs = "#!/bin/sh\necho status $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ,) $USER $LOGNAME $HOME\n"
	install(t, dir, "id", printIDs)
	install(t, dir, "plain", strings.TrimPrefix(printIDs, "#!/bin/sh\n"))
	install(t, dir, "stdout", "#!/bin/sh\necho status opened >/dev/stdout\n")
	nobodys := fmt.Sprintf("%d %d %d, nobody nobody %s", uid, gid, gid, nobody.home)
	for _, tt := range []struct {
		file, runAs, want string
	}{
		{"id", "nobody", nobodys},
		{"plain", "nobody", nobodys},
		{"id", fmt.Sprint(uid), nobodys},
		{"id", "nobody:1", fmt.Sprintf("%d 1 1, nobody nobody %s", uid, nobody.home)},
		{"id", "4001001:4001002", "4001001 4001002 4001002, 4001001 4001001 /"},
		{"stdout", "nobody", "opened"},
		{"id", "4001001", `detail "run_as": there is no user "4001001"`},
		{"id", "no-such-user", `detail "run_as": there is no user "no-such-user"`},
		{"id", "nobody:no-such-group", `detail "run_as": there is no group "no-such-group"`},
		{"id", "4294967295:1", `detail "run_as": there is no user "4294967295"`}, // -1: unchanged
		{"id", "nobody:4294967295", `detail "run_as": there is no group "4294967295"`},
		{"id", "nobody:", `detail "run_as" is "nobody:", not USER or USER:GROUP`},
		{"id", ":1", `detail "run_as" is ":1", not USER or USER:GROUP`},
	} {
		r, err := checkIn(t.Context(), dir, schedule.Details{"file": tt.file, "run_as": tt.runAs})
		if r.Status+errText(err) != tt.want {
			t.Errorf("%s as %s: %q, %v; want %q", tt.file, tt.runAs, r.Status, err, tt.want)
		}
	}
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "id", "run_as": int(uid)}); err != nil || r.Status != nobodys {
		t.Errorf("a number: %q, %v", r.Status, err)
	}
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "id", "run_as": "root"}); err != nil || !strings.HasPrefix(r.Status, "0 0 ") {
		t.Errorf("root: %q, %v", r.Status, err)
	}
}

// TestRunAsLowersPrivileges: a plugin that runs as another user cannot use root's, and its file
// must still belong to root.
func TestRunAsLowersPrivileges(t *testing.T) {
	dir := openFolder(t)
	isSecret := filepath.Join(dir, "secret")
	if err := os.WriteFile(isSecret, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	install(t, dir, "p", "#!/bin/sh\ncat \"$1\" 2>/dev/null | sed 's/^/status /'\ntouch new 2>/dev/null && echo status wrote\nkill -0 $PPID 2>/dev/null && echo status may signal the agent\nexit 0\n")
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "args": []any{isSecret}, "run_as": "nobody"})
	if err != nil || r.Status != "" {
		t.Errorf("%q, %v", r.Status, err)
	}
	nobody, err := lookupIdentity("nobody", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "p"), int(nobody.uid), -1); err != nil {
		t.Fatal(err)
	}
	if _, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "run_as": "nobody"}); err == nil || !strings.Contains(err.Error(), "who could change it") {
		t.Errorf("a file of its own user: %v", err)
	}
}

// TestRunAsEndsItsTree: another user's processes are ended as well, also outside the process group.
func TestRunAsEndsItsTree(t *testing.T) {
	dir, p := openFolder(t), newPipe(t) // Only the agent's user may enter the pipe's folder.
	path := filepath.Join(dir, "pipe")
	if err := os.Rename(p.path, path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	install(t, dir, "p", "#!/bin/sh\ntrap '' TERM\n(trap '' TERM; exec 3>$1; echo r >&3; while :; do sleep 1000; done) &\nsetsid sh -c 'exec 3>$0; echo r >&3; exec sleep 1000' $1 &\nwhile :; do sleep 1000; done\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := make(chan error, 1)
	go func() {
		ready <- p.waitBytes(4) // a byte and a newline each
		cancel()
	}()
	_, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{path}, "run_as": "nobody"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the plugin exited by itself: %v", err)
	}
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	if err := p.waitClosed(); err != nil {
		t.Errorf("a process is left: %v", err)
	}
}

func TestLoginVariables(t *testing.T) {
	who := &identity{name: "n", home: "/h"}
	got := who.withLoginVariables([]string{"PATH=/bin", "HOME=/root", "USER=root", "USERS=2", "LOGNAME=root"})
	if want := []string{"PATH=/bin", "USERS=2", "HOME=/h", "USER=n", "LOGNAME=n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTrial: a trial keeps what a check discards.
func TestTrial(t *testing.T) {
	dir := folder(t)
	install(t, dir, "p", "#!/bin/sh\necho status fine\necho metric a int x\necho nonsense\necho oops >&2\nexit 3\n")
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	trial := &Trial{Dir: dir, Environ: os.Environ(), Stderr: errs}
	request := collect.Request{Check: schedule.Check{ID: "c", Timeout: time.Minute, Details: schedule.Details{"file": "p", "format": "virgo"}}}
	if _, err := trial.Check(t.Context(), request); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("without Trusted: %v", err)
	}
	trial.Trusted = true
	_, err = trial.Check(t.Context(), request)
	if want := `Invalid "<value> [<unit>]" combination "x" for a non-string metric`; errText(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
	if trial.Format != "virgo" || trial.Exit != 3 || len(trial.Faults) != 2 || trial.Faults[1].Line != 3 || trial.Line(3) != "nonsense" || trial.Line(4) != "" {
		t.Errorf("%+v", trial)
	}
	if b, err := os.ReadFile(errs.Name()); err != nil || string(b) != "oops\n" {
		t.Errorf("%q, %v", b, err)
	}
}
