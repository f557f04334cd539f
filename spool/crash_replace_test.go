package spool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// childReplace compacts a spool, or mends it where it is damaged, and dies at a hook. args: folder, point.
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

// Whenever a process dies that puts another file in the place of the spool's, the one or the other is there,
// and has everything.
func TestKilledWhileReplacing(t *testing.T) {
	for _, point := range []string{
		"compact.before", "compact.synced", "compact.after", "salvage.before", "salvage.after",
	} {
		t.Run(point, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := write(t, dir, goodFile(t))
			waiting, refused := listed(t, s)
			if strings.HasPrefix(point, "salvage") {
				b, err := os.ReadFile(s.Path())
				if err != nil {
					t.Fatal(err)
				}
				clear(b[:2*pageSize]) // both headers: the records are found by looking through all pages
				if err := os.WriteFile(s.Path(), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, "replace", dir, point)
			if line := p.next(t); line != "" {
				t.Fatalf("the child says %q", line)
			}
			if err := p.cmd.Wait(); err == nil {
				t.Fatal("the child was to die")
			}
			put(t, s, "next")
			gotWaiting, gotRefused := listed(t, s)
			if len(gotWaiting) == 0 || !strings.HasSuffix(gotWaiting[len(gotWaiting)-1], "next") {
				t.Fatalf("%d wait", len(gotWaiting))
			}
			if strings.HasPrefix(point, "salvage") {
				// Without headers what was settled comes back as well: an endpoint knows it by its id.
				for _, list := range [][2][]string{{waiting, gotWaiting}, {refused, gotRefused}} {
					for _, want := range list[0] {
						if !slices.Contains(list[1], want) {
							t.Errorf("%.60s is gone", want)
						}
					}
				}
			} else if !slices.Equal(gotWaiting[:len(gotWaiting)-1], waiting) || !slices.Equal(gotRefused, refused) {
				t.Errorf("%d wait, want %d; %d were refused, want %d", len(gotWaiting)-1, len(waiting), len(gotRefused), len(refused))
			}
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkWhole(t, s.Path())
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			if len(left) > 2 {
				t.Errorf("left behind: %s", fmt.Sprint(left))
			}
		})
	}
}
