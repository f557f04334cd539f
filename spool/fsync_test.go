package spool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/spool/fsynctest"
	"virgo/spool/internal/boltfile"
)

// childSteps does one step after the other and reports each with a line. args: folder, steps.
func childSteps(args []string) error {
	ctx := context.Background()
	recovered := false
	s, err := Open(args[0], Options{Recovered: func(Recovery) { recovered = true }})
	if err != nil {
		return err
	}
	for _, step := range args[1:] {
		var err error
		switch step {
		case "append":
			_, err = appendAll(s, entry("one"), entry("two"), entry("three"))
		case "settle":
			err = s.Settle(ctx, []Outcome{{Seq: 1}, {Seq: 2, Refused: &Refusal{Code: 400}}}, nil)
		case "settle-all":
			err = settleAll(s)
		case "drop":
			_, err = s.Drop(ctx, Selection{Rejected: true})
		case "compact":
			err = s.Compact(ctx)
		case "recover":
			if _, err = s.Stats(ctx); err == nil && !recovered {
				err = fmt.Errorf("the file was not damaged")
			}
		default:
			err = fmt.Errorf("no such step")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
		fmt.Println("done", step)
	}
	return nil
}

func settleAll(s *Spool) error {
	records, err := s.Read(context.Background(), 0, 1<<20, 1<<30)
	if err != nil {
		return err
	}
	outcomes := make([]Outcome, len(records))
	for i, r := range records {
		outcomes[i].Seq = r.Seq
	}
	return s.Settle(context.Background(), outcomes, nil)
}

// TestPowerLoss holds every step to the order of syncs that fsynctest checks: what a call reports
// as done must survive a power failure. The marker is never synced.
func TestPowerLoss(t *testing.T) {
	fsynctest.Need(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	big := func(t *testing.T, dir string) { // settling it leaves most of the file free
		put(t, open(t, dir, Options{}), slices.Repeat([]string{strings.Repeat("x", 100<<10)}, 12)...)
	}
	for name, tt := range map[string]struct {
		prepare func(*testing.T, string)
		steps   string
		created []string // below the test's folder
		renamed []string
		synced  []string
	}{
		"creation and commits": {
			prepare: func(t *testing.T, dir string) {},
			steps:   "append settle append drop",
			created: []string{"a", "a/b", "a/b/state", "a/b/state/virgo.db"},
		},
		"interrupted creation": {
			prepare: func(t *testing.T, dir string) { write(t, dir, make([]byte, 100)) },
			steps:   "append",
			synced:  []string{"a/b/state/virgo.db", "a/b/state"},
		},
		"interrupted creation, complete file": {
			prepare: func(t *testing.T, dir string) { write(t, dir, newFile(t)) },
			steps:   "append",
			synced:  []string{"a/b/state/virgo.db", "a/b/state"},
		},
		"compaction on request": {
			prepare: func(t *testing.T, dir string) { write(t, dir, goodFile(t)) },
			steps:   "compact append",
			renamed: []string{"a/b/state/virgo.db"},
		},
		"compaction after a commit": {
			prepare: big,
			steps:   "settle-all append",
			renamed: []string{"a/b/state/virgo.db"},
		},
		"salvage": {
			prepare: func(t *testing.T, dir string) {
				b := goodFile(t)
				clear(b[:2*boltfile.PageSize])
				write(t, dir, b)
			},
			steps:   "recover append",
			renamed: []string{"a/b/state/virgo.db"},
			created: []string{"a/b/state/virgo.db.salvage"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(root, "a", "b", "state")
			tt.prepare(t, dir)
			cmd := exec.Command(exe)
			cmd.Env = append(os.Environ(), childVariable+"=steps "+dir+" "+tt.steps)
			trace := fsynctest.Run(t, cmd, root)
			for _, fault := range trace.Faults {
				if !strings.Contains(fault, fileName+markerSuffix+" is not synced") {
					t.Error(fault)
				}
			}
			if want := len(strings.Fields(tt.steps)); trace.Lines != want {
				t.Errorf("%d steps were reported, want %d", trace.Lines, want)
			}
			for _, paths := range []struct{ want, got []string }{
				{tt.created, trace.Created}, {tt.renamed, trace.Renamed}, {tt.synced, trace.Synced},
			} {
				for _, path := range paths.want {
					if !slices.Contains(paths.got, filepath.Join(root, path)) {
						t.Errorf("%s is not among %q", path, paths.got)
					}
				}
			}
		})
	}
}
