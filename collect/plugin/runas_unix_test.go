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

// openFolder is a plugin folder that every user can reach.
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
	nobody, err := identify("nobody", "")
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := nobody.uid, nobody.gid
	const says = "#!/bin/sh\necho status $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ,) $USER $LOGNAME $HOME\n"
	install(t, dir, "id", says)
	install(t, dir, "plain", strings.TrimPrefix(says, "#!/bin/sh\n"))
	install(t, dir, "again", "#!/bin/sh\necho status opened anew >/dev/stdout\n")
	own := fmt.Sprintf("%d %d %d, nobody nobody %s", uid, gid, gid, nobody.home)
	for _, tt := range []struct {
		file, runAs, want string
	}{
		{"id", "nobody", own},
		{"plain", "nobody", own},
		{"id", fmt.Sprint(uid), own},
		{"id", "nobody:1", fmt.Sprintf("%d 1 1, nobody nobody %s", uid, nobody.home)},
		{"id", "4001001:4001002", "4001001 4001002 4001002, 4001001 4001001 /"},
		{"again", "nobody", "opened anew"},
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
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "id", "run_as": int(uid)}); err != nil || r.Status != own {
		t.Errorf("a number: %q, %v", r.Status, err)
	}
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "id", "run_as": "root"}); err != nil || !strings.HasPrefix(r.Status, "0 0 ") {
		t.Errorf("root: %q, %v", r.Status, err)
	}
}

// A plugin that is given away reaches nothing of root's, and its file must still be root's.
func TestRunAsGivesNothingAway(t *testing.T) {
	dir := openFolder(t)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	install(t, dir, "p", "#!/bin/sh\ncat \"$1\" 2>/dev/null | sed 's/^/status /'\ntouch new 2>/dev/null && echo status wrote\nkill -0 $PPID 2>/dev/null && echo status may signal the agent\nexit 0\n")
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "args": []any{secret}, "run_as": "nobody"})
	if err != nil || r.Status != "" {
		t.Errorf("%q, %v", r.Status, err)
	}
	nobody, err := identify("nobody", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "p"), int(nobody.uid), -1); err != nil {
		t.Fatal(err)
	}
	if _, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "run_as": "nobody"}); err == nil || !strings.Contains(err.Error(), "who could change it") {
		t.Errorf("its own file: %v", err)
	}
}

// Another user's processes end as the agent's do, those that left the group as well.
func TestRunAsEndsItsTree(t *testing.T) {
	dir, p := openFolder(t), newPipe(t)
	// The pipe's folder is the agent's alone.
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
	readied := make(chan error, 1)
	go func() {
		readied <- p.ready(4) // a letter and a newline each
		cancel()
	}()
	_, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{path}, "run_as": "nobody"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the plugin ended by itself: %v", err)
	}
	if err := <-readied; err != nil {
		t.Fatal(err)
	}
	if err := p.gone(); err != nil {
		t.Errorf("a process is left: %v", err)
	}
}

func TestOwnVariables(t *testing.T) {
	who := &identity{name: "n", home: "/h"}
	got := who.own([]string{"PATH=/bin", "HOME=/root", "USER=root", "USERS=2", "LOGNAME=root"})
	if want := []string{"PATH=/bin", "USERS=2", "HOME=/h", "USER=n", "LOGNAME=n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A trial remembers what a check throws away.
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
	ask := collect.Request{Check: schedule.Check{ID: "c", Timeout: time.Minute, Details: schedule.Details{"file": "p", "format": "virgo"}}}
	if _, err := trial.Check(t.Context(), ask); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("not trusted: %v", err)
	}
	trial.Trusted = true
	_, err = trial.Check(t.Context(), ask)
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
