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

// The test binary is the program that calls statfs: see TestMain.
func statProgram(word string) func() []string {
	return func() []string { return []string{os.Args[0], word} }
}

func TestChildAgreesWithStatfs(t *testing.T) {
	dir := t.TempDir()
	want, err := statfs(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := statByChild(t.Context(), statProgram("statfs")(), dir)
	if err != nil || got.total != want.total || got.files != want.files || got.total == 0 {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	_, err = statByChild(t.Context(), statProgram("statfs")(), filepath.Join(dir, "gone"))
	if err == nil || err.Error() != "no such file or directory" {
		t.Errorf("%v", err)
	}
}

// The child answers with the size 12 if it has the variable, else with 1.
func TestChildHasNoEnvironment(t *testing.T) {
	t.Setenv("VIRGO_TOKEN", "secret")
	argv := []string{"/bin/sh", "-c", "echo statfs 1${VIRGO_TOKEN:+2} 0 0 0 0 0"}
	if got, err := statByChild(t.Context(), argv, "/"); err != nil || got.total != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestChildrenThatMisbehave(t *testing.T) {
	for word, want := range map[string]string{
		"statfs-garbage": `unexpected output of the program that calls statfs: "statfs 1 2 three\n"`,
		"statfs-flood":   `unexpected output of the program that calls statfs: "xxx`,
		"statfs-crash":   `unexpected output of the program that calls statfs: ""`,
	} {
		if _, err := statByChild(t.Context(), statProgram(word)(), "/"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", word, err)
		}
	}
	_, err := statByChild(t.Context(), []string{filepath.Join(t.TempDir(), "none")}, "/")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
}

// A child that waits for ever, as for a dead server, is abandoned at the probe timeout and ended,
// and the other file systems are probed all the same.
func TestProberAbandonsItsChild(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	dead, alive := filepath.Join(t.TempDir(), "dead"), t.TempDir()
	a := statProber{program: statProgram("statfs-hang"), statfs: statfs}
	answers := a.probe(ctx, []mount{{point: dead, kind: "nfs4"}, {point: alive, kind: "ext4"}})
	if answers[0].err != errHangs || answers[1].err != nil || answers[1].usage.total == 0 {
		t.Errorf("%+v", answers)
	}
	if ctx.Err() != nil {
		t.Error("the prober took all the time that was left")
	}
	waitUntilEnded(t, dead)
}

func TestProberStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	dead := filepath.Join(t.TempDir(), "dead")
	a := statProber{program: statProgram("statfs-hang"), statfs: statfs}
	var many []mount
	for range 3 * maxChildren {
		many = append(many, mount{point: dead, kind: "fuse.sshfs"})
	}
	for _, answer := range a.probe(ctx, many) {
		if !errors.Is(answer.err, context.Canceled) {
			t.Errorf("%v", answer.err)
		}
	}
	waitUntilEnded(t, dead)
}

func TestStatFSErrors(t *testing.T) {
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
		var g collect.MetricBuilder
		u.add(&g, mount{options: "rw"})
		for _, m := range g.Metrics {
			if !m.Valid() {
				t.Fatalf("%+v", m)
			}
		}
	})
}

// Where the program is not known, the file system is probed in this process.
func TestProberWithoutCommandLine(t *testing.T) {
	a := statProber{program: func() []string { return nil }, statfs: statfs}
	answers := a.probe(t.Context(), []mount{{point: t.TempDir(), kind: "nfs4"}, {point: t.TempDir(), kind: "ext4"}})
	for _, answer := range answers {
		if answer.err != nil || answer.usage.total == 0 {
			t.Errorf("%+v", answer)
		}
	}
}
