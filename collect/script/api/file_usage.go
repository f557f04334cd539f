package api

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// maxUsageDepth is how deep usage counts.
const maxUsageDepth = 32

// usage is what is in a folder.
type usage struct {
	files          script.Files
	guard          script.Guard
	bytes          int64
	number         int
	folders        int
	skipped        int
	oldest, newest time.Time
}

func folderUsage(c *script.Call, l *lua.LState) int {
	depth := maxUsageDepth
	if l.Get(2) != lua.LNil {
		if depth = l.CheckInt(2); depth < 1 || depth > maxUsageDepth {
			l.ArgError(2, fmt.Sprintf("want a depth from 1 to %d", maxUsageDepth))
		}
	}
	folder, ok := allowed(c, l, l.CheckString(1))
	if !ok {
		return 2
	}
	u := usage{files: filesOf(c), guard: c.Guard}
	if err := c.Blocking(func(ctx context.Context) error { return u.count(ctx, folder, depth) }); err != nil {
		return c.Fail(l, err)
	}
	c.Charge(l, costAnEntry*(u.number+u.folders))
	t := l.CreateTable(0, 6)
	t.RawSetString("bytes", lua.LNumber(u.bytes))
	t.RawSetString("files", lua.LNumber(u.number))
	t.RawSetString("folders", lua.LNumber(u.folders))
	t.RawSetString("skipped", lua.LNumber(u.skipped))
	if u.number > 0 {
		t.RawSetString("oldest", lua.LNumber(secondsOf(u.oldest)))
		t.RawSetString("newest", lua.LNumber(secondsOf(u.newest)))
	}
	l.Push(t)
	return 1
}

// count adds what is in a folder. One that cannot be read is counted, below the first, as is one
// that the guard does not let the script have.
func (u *usage) count(ctx context.Context, folder string, depth int) error {
	entries, err := u.files.Entries(ctx, folder, min(maxEntries, maxCompared-u.number-u.folders))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsDir() {
			u.add(e)
			continue
		}
		u.folders++
		if depth == 1 {
			continue
		}
		below := filepath.Join(folder, e.Name)
		_, err := within(ctx, func() (string, error) { return u.guard.File(below) })
		if err == nil {
			err = u.count(ctx, below, depth-1)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errManyEntries):
			return err
		case err != nil:
			u.skipped++
		}
	}
	return nil
}

func (u *usage) add(e script.FileInfo) {
	if e.Mode.IsRegular() {
		u.bytes += e.Size
	}
	if u.number == 0 || e.Modified.Before(u.oldest) {
		u.oldest = e.Modified
	}
	if u.number == 0 || e.Modified.After(u.newest) {
		u.newest = e.Modified
	}
	u.number++
}
