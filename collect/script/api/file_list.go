package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/policy"
)

const (
	maxMatches  = 10_000  // of a pattern
	maxCompared = 500_000 // names that are compared with a pattern, or counted by usage
	costAnEntry = 10      // instructions
	maxEntries  = 100_000 // of one folder: they are in memory together
	maxParts    = 64      // of a pattern, and folders below another that are walked through
	globSigns   = "*?[\\"
)

// listFiles finds what a pattern matches, folder by folder. Each match is asked of the guard by
// itself: a link in between may lead elsewhere.
func listFiles(c *script.Call, l *lua.LState) int {
	pattern := filepath.Clean(l.CheckString(1))
	parts := strings.Split(strings.TrimLeft(filepath.ToSlash(pattern[len(filepath.VolumeName(pattern)):]), "/"), "/")
	if _, err := filepath.Match(pattern, ""); err != nil || len(parts) > maxParts {
		return c.Raise(l, "file.list: %.80q is no pattern", pattern)
	}
	if _, ok := allowed(c, l, pattern); !ok { // that nothing matches says something as well
		return 2
	}
	w := walk{files: filesOf(c), guard: c.Guard, found: make(map[string]bool)}
	err := c.Blocking(func(ctx context.Context) error {
		return w.into(ctx, filepath.VolumeName(pattern)+string(filepath.Separator), parts)
	})
	if err != nil {
		return c.Fail(l, err)
	}
	c.Charge(l, costAnEntry*w.compared)
	paths := sortedKeys(w.found)
	values := make([]lua.LValue, len(paths))
	for i, p := range paths {
		values[i] = lua.LString(p)
	}
	l.Push(tableOf(l, values))
	return 1
}

// A walk finds the paths that match a pattern.
type walk struct {
	files    script.Files
	guard    script.Guard
	found    map[string]bool
	compared int
}

// into continues in a folder with the remaining parts of the pattern. What is no folder, not there
// or not readable matches nothing.
func (w *walk) into(ctx context.Context, folder string, parts []string) error {
	for len(parts) > 1 && !strings.ContainsAny(parts[0], globSigns) {
		folder, parts = filepath.Join(folder, parts[0]), parts[1:]
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if parts[0] == "**" && len(parts) > 1 { // any folders, also none
		if err := w.into(ctx, folder, parts[1:]); err != nil {
			return err
		}
	}
	actual, err := w.files.Resolve(ctx, folder)
	if err != nil {
		return ctx.Err()
	}
	if !strings.ContainsAny(parts[0], globSigns) { // the last one
		info, err := w.files.Stat(ctx, filepath.Join(actual, parts[0]))
		if err != nil {
			return ctx.Err()
		}
		info.Name = parts[0]
		return w.match(ctx, folder, actual, info)
	}
	entries, err := w.files.Entries(ctx, actual, min(maxEntries, maxCompared-w.compared))
	if err != nil {
		if errors.Is(err, errManyEntries) {
			return fmt.Errorf("more than %d names to compare in one folder, or %d in all", maxEntries, maxCompared)
		}
		return ctx.Err()
	}
	slices.SortFunc(entries, func(a, b script.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	w.compared += len(entries)
	for _, e := range entries {
		if !matchesName(parts[0], e.Name) {
			continue
		}
		if err := w.entry(ctx, folder, actual, e, parts); err != nil {
			return err
		}
	}
	return nil
}

// entry goes on with an entry whose name the first part of the pattern matches.
func (w *walk) entry(ctx context.Context, folder, actual string, e script.FileInfo, parts []string) error {
	last, deep := len(parts) == 1, parts[0] == "**"
	if last {
		if err := w.match(ctx, folder, actual, e); err != nil {
			return err
		}
	}
	at := filepath.Join(folder, e.Name)
	switch {
	case deep && e.Mode.IsDir() && strings.Count(at, string(filepath.Separator)) < maxParts:
		return w.into(ctx, at, parts)
	case !last && !deep && e.Mode&(fs.ModeDir|fs.ModeSymlink) != 0:
		return w.into(ctx, at, parts[1:])
	}
	return nil
}

func matchesName(pattern, name string) bool {
	if name[0] == '.' && pattern[0] != '.' {
		return false
	}
	ok, err := filepath.Match(pattern, name)
	return ok && err == nil
}

// match adds an entry of a folder if the guard lets the script have it. actual is the folder with
// links followed, in which the name was read: the folder's own path may lead elsewhere by now. In
// /sys only the kernel makes links, and scripts know its files by paths that have some.
func (w *walk) match(ctx context.Context, folder, actual string, e script.FileInfo) error {
	visible := filepath.Join(folder, e.Name)
	err := w.ask(ctx, visible)
	if err == nil && actual != folder && !strings.HasPrefix(actual, "/sys/") {
		err = w.ask(ctx, filepath.Join(actual, e.Name))
	}
	switch {
	case policy.IsRefusal(err):
		return nil
	case err != nil:
		return ctx.Err()
	case len(w.found) == maxMatches && !w.found[visible]:
		return fmt.Errorf("more than %d files match", maxMatches)
	}
	w.found[visible] = true
	return nil
}

func (w *walk) ask(ctx context.Context, path string) error {
	_, err := within(ctx, func() (string, error) { return w.guard.File(path) })
	return err
}
