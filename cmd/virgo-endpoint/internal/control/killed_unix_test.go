//go:build unix

package control

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/alarm"
)

// A process that uses a control.db is killed by the system, with SIGKILL, at each step.

const (
	lifeVariable = "VIRGO_CONTROL_LIFE"
	lifeRounds   = 2
)

// TestLife is that process. It writes a line for what is done: nothing of that may be lost, and nothing be half done.
func TestLife(t *testing.T) {
	path, kill, found := strings.Cut(os.Getenv(lifeVariable), "|")
	if !found {
		t.Skip("TestKilled runs it as a process of its own")
	}
	left, err := strconv.Atoi(kill)
	if err != nil {
		t.Fatal(err)
	}
	d := openAt(t, path)
	d.step = func(string) error {
		if left--; left == 0 {
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				p.Kill()
			}
			select {} // it is not this goroutine that is killed first
		}
		return nil
	}
	done := func(what string, n int, err error) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("done", what, n)
	}
	for n := 1; n <= lifeRounds; n++ {
		done("saved", n, lifeSave(t, d, n))
		rows, err := d.Queue().Due(t.Context(), "ops", watchtest.Now(), 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			done("sent", int(r.ID), d.Queue().Settle(t.Context(), "ops", []int64{r.ID}, watch.Outcome{Sent: true, At: watchtest.Now()}))
		}
		done("released", n, d.Queue().Release(t.Context(), int64(n), []watch.Row{{Notifier: "summary"}}))
		done("cursor", n, d.Cursors().SaveCursor(t.Context(), watch.Cursor{Name: "prom", Seq: int64(n)}))
		_, err = d.People().Put(t.Context(), watch.Person{Name: fmt.Sprint("p", n)})
		done("person", n, err)
		id, err := d.Audit().Begin(t.Context(), watch.Entry{})
		done("begun", n, err)
		done("ended", n, d.Audit().End(t.Context(), id, watch.Done))
	}
	fmt.Println("done all 0")
}

// lifeSave is a step of alarms from which something of each kind follows.
func lifeSave(t *testing.T, d *DB, n int) error {
	state := alarm.Critical
	if n%2 == 0 {
		state = alarm.Warning
	}
	key := watch.Key{Rule: "disk", Agent: 1}
	_, err := d.Alarms().Save(t.Context(), watch.AlarmsStep{Cursor: int64(n),
		States:  []watch.Saved{{Standing: watch.Standing{Key: key, State: state}, Seq: int64(n)}},
		Changes: []watch.Change{{Key: key, State: state, Seq: int64(n), At: watchtest.Now().Add(time.Duration(n) * time.Second)}},
		Queued:  []watch.Row{{Notifier: "ops", Level: n}}, Held: map[int64][]int{int64(n): {0}}})
	return err
}

func TestKilled(t *testing.T) {
	for kill := 1; ; kill++ {
		path := newPath(t)
		cmd := exec.Command(os.Args[0], "-test.run=^TestLife$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", lifeVariable, path, kill))
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() >= 0) {
			t.Fatalf("step %d: %v\n%s", kill, err, out)
		}
		last := map[string]int{}
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			var what string
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "done %s %d", &what, &n); err == nil {
				last[what] = max(n, last[what])
			}
		}
		checkLife(t, kill, openAt(t, path), last)
		if _, all := last["all"]; all {
			if kill < 20 {
				t.Errorf("it lived through all after %d steps", kill)
			}
			return
		}
	}
}

// checkLife compares what is stored with what was done; one more of anything may be.
func checkLife(t *testing.T, kill int, d *DB, done map[string]int) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("killed at step %d, done %v: "+format, append([]any{kill, done}, args...)...)
	}
	within := func(what string, got, done int) {
		t.Helper()
		if got < done || got > done+1 {
			fail("%s: %d", what, got)
		}
	}
	ctx := t.Context()
	cursor, states, err := d.Alarms().Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	saved := int(cursor)
	within("saved", saved, done["saved"])
	var changes []watch.Change
	if err := d.Alarms().Changes(ctx, watch.ChangeFilter{}, func(c watch.Change) error { changes = append(changes, c); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(changes) != saved || saved > 0 && (len(states) != 1 || states[0].Seq != cursor || states[0].State != changes[saved-1].State) {
		fail("cursor %d, states %v, changes %v", cursor, states, changes)
	}
	for i, c := range changes {
		if last := i == len(changes)-1; c.Until.IsZero() != last {
			fail("change %d ended at %v", i, c.Until)
		}
	}
	// Each notification is there until it is sent, and never again.
	rows, err := d.Queue().Due(ctx, "ops", watchtest.Now(), 9)
	if err != nil {
		t.Fatal(err)
	}
	sent := saved - len(rows)
	if len(rows) > 1 || len(rows) == 1 && rows[0].Level != saved {
		fail("notifications %v of %d", rows, saved)
	}
	summaries, err := d.Queue().Due(ctx, "summary", watchtest.Now(), 9)
	if err != nil {
		t.Fatal(err)
	}
	within("released", len(summaries), done["released"])
	for n := 1; n <= saved; n++ {
		held, err := d.Queue().Held(ctx, int64(n))
		if err != nil || (len(held) == 0) != (n <= len(summaries)) {
			fail("silence %d holds %v back, %v, and there are %d summaries", n, held, err, len(summaries))
		}
	}
	if sent < len(summaries) {
		fail("%d notifications are sent", sent)
	}
	c, _, err := d.Cursors().Cursor(ctx, "prom")
	if err != nil {
		t.Fatal(err)
	}
	within("cursor", int(c.Seq), done["cursor"])
	within("people", len(names(t, d)), done["person"])
	entries, ended := 0, 0
	if err := d.Audit().Entries(ctx, watch.EntryFilter{}, func(e watch.Entry) error {
		if entries++; e.Outcome == watch.Done {
			ended++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	within("begun", entries, done["begun"])
	within("ended", ended, done["ended"])
	if err := d.verify(ctx, "integrity_check"); err != nil {
		fail("%v", err)
	}
}
