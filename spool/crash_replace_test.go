package spool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/spool/internal/boltfile"
)

// childReplace compacts a spool, or repairs it where it is damaged, and dies at a hook. args:
// folder, point.
func childReplace(args []string) error {
	s, err := Open(args[0], Options{Hook: func(p string) {
		if p == args[1] {
			die()
		}
	}})
	if err != nil {
		return err
	}
	return s.Compact(context.Background())
}

// Whenever a process that replaces the file dies, there is the old file or the new one, and it has
// everything.
func TestKilledWhileReplacing(t *testing.T) {
	for _, point := range []string{
		"compact.before", "compact.synced", "compact.after", "salvage.before", "salvage.after",
	} {
		t.Run(point, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := write(t, dir, goodFile(t))
			queue, rejects := listed(t, s)
			if strings.HasPrefix(point, "salvage") {
				b, err := os.ReadFile(s.Path())
				if err != nil {
					t.Fatal(err)
				}
				clear(b[:2*boltfile.PageSize]) // both headers: the records are found by reading all pages
				if err := os.WriteFile(s.Path(), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, "replace", dir, point)
			if line := p.next(t); line != "" {
				t.Fatalf("the child reports %q", line)
			}
			if err := p.cmd.Wait(); err == nil {
				t.Fatal("the child did not die")
			}
			put(t, s, "next")
			gotQueue, gotRejects := listed(t, s)
			if len(gotQueue) == 0 || !strings.HasSuffix(gotQueue[len(gotQueue)-1], "next") {
				t.Fatalf("%d queued", len(gotQueue))
			}
			if strings.HasPrefix(point, "salvage") {
				// Without headers, settled records come back too: an endpoint recognises them by
				// their ids.
				for _, list := range [][2][]string{{queue, gotQueue}, {rejects, gotRejects}} {
					for _, want := range list[0] {
						if !slices.Contains(list[1], want) {
							t.Errorf("%.60s is lost", want)
						}
					}
				}
			} else if !slices.Equal(gotQueue[:len(gotQueue)-1], queue) || !slices.Equal(gotRejects, rejects) {
				t.Errorf("%d queued, want %d; %d rejected, want %d", len(gotQueue)-1, len(queue), len(gotRejects), len(rejects))
			}
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkWhole(t, s.Path())
			left := withoutLock(filepath.Glob(filepath.Join(dir, "*")))
			if len(left) > 3 { // the spool, its marker and a backup
				t.Errorf("left behind: %s", fmt.Sprint(left))
			}
		})
	}
}
