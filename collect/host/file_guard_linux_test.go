package host

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// What the owner does not allow is neither opened nor told to exist.
func TestFileGuard(t *testing.T) {
	dir := t.TempDir()
	for link, target := range map[string]string{"dangling": "/nowhere/at/all", "shadow": "/etc/shadow", "folder": "/etc", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	checker := fileType(tree{proc: "/proc", sys: "/sys"}, nil).Checker
	for _, target := range []string{
		"/etc/shadow", "/etc/sh*dow", "/etc/no-such-file", filepath.Join(dir, "dangling"), filepath.Join(dir, "shadow"),
		filepath.Join(dir, "folder/shadow"), filepath.Join(dir, "folder/none"), filepath.Join(dir, "f*/shadow"),
	} {
		for _, content := range []any{nil, "^root:"} {
			_, err := checker.Check(t.Context(), collect.Request{
				Check: schedule.Check{ID: "x", Type: "agent.file", Details: schedule.Details{"target": target, "content_match": content}},
				Now:   time.Now, Guard: new(policy.Guard),
			})
			var refused *policy.RefusedError
			if !errors.As(err, &refused) {
				t.Errorf("%s: %v", target, err)
			}
		}
	}
}
