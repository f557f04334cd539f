package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"time"
	"virgo/collect"
)

// The test binary stands for the program: TestMain has its other side.
func askerProgram(word string) []string { return []string{os.Args[0], word} }

func TestChildSaysWhatStatfsSays(t *testing.T) {
	dir := t.TempDir()
	want, err := statfs(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := askChild(t.Context(), askerProgram("statfs"), dir)
	if err != nil || got.total != want.total || got.files != want.files || got.total == 0 {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	_, err = askChild(t.Context(), askerProgram("statfs"), filepath.Join(dir, "gone"))
	if err == nil || err.Error() != "no such file or directory" {
		t.Errorf("%v", err)
	}
}

func TestChildrenThatMisbehave(t *testing.T) {
	for word, want := range map[string]string{
		"statfs-garbage": `the program that asks file systems said "statfs 1 2 three\n"`,
		"statfs-flood":   `the program that asks file systems said "xxx`,
		"statfs-crash":   `the program that asks file systems said ""`,
	} {
		if _, err := askChild(t.Context(), askerProgram(word), "/"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", word, err)
		}
	}
	_, err := askChild(t.Context(), []string{filepath.Join(t.TempDir(), "none")}, "/")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
}

// A child that waits for ever stands for one that waits for a dead server: the asker walks away at its
// limit, the others are asked all the same, and the child is ended.
func TestAskerWalksAwayFromItsChild(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	dead, alive := filepath.Join(t.TempDir(), "dead"), t.TempDir()
	a := asker{program: askerProgram("statfs-hang"), statfs: statfs}
	answers := a.ask(ctx, []mount{{point: dead, kind: "nfs4"}, {point: alive, kind: "ext4"}})
	if answers[0].err != errHangs || answers[1].err != nil || answers[1].usage.total == 0 {
		t.Errorf("%+v", answers)
	}
	if ctx.Err() != nil {
		t.Error("the asker took all the time there was")
	}
	waitUntilEnded(t, dead)
}

func TestAskerStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	dead := filepath.Join(t.TempDir(), "dead")
	a := asker{program: askerProgram("statfs-hang"), statfs: statfs}
	var many []mount
	for range 3 * maxChildren {
		many = append(many, mount{point: dead, kind: "fuse.sshfs"})
	}
	for _, answer := range a.ask(ctx, many) {
		if !errors.Is(answer.err, context.Canceled) {
			t.Errorf("%v", answer.err)
		}
	}
	waitUntilEnded(t, dead)
}

func TestStatFSTellsAndReturnsWhy(t *testing.T) {
	var out bytes.Buffer
	err := StatFS(filepath.Join(t.TempDir(), "gone"), &out)
	if !errors.Is(err, os.ErrNotExist) || out.String() != "error no such file or directory\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

func FuzzStatAnswer(f *testing.F) {
	f.Add("statfs 1 2 3 4 5 6\n")
	f.Add("statfs 1 2 3 4 5 6")
	f.Add("error no such file\n")
	f.Add("statfs 99999999999999999999 2 3 4 5 6\n")
	f.Fuzz(func(t *testing.T, line string) {
		u, err := parseStatAnswer(line)
		if err != nil {
			return
		}
		var g collect.Figures
		u.add(&g, mount{options: "rw"})
		for _, m := range g.Metrics {
			if !m.Valid() {
				t.Fatalf("%+v", m)
			}
		}
	})
}
