package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/capability"
)

func fileModule() script.Module {
	return script.Module{
		Name: "file",
		Doc: "Files and folders, by absolute paths. Links are followed; where they lead must be " +
			"declared and granted as well. Only regular files are read, and what the kernel shows as " +
			"such in /proc and /sys.",
		Functions: []script.Function{
			{Name: "read", Signature: "file.read(path [, max [, from=0]]) -> text",
				MinArgs: 1, MaxArgs: 3, Needs: capability.Files,
				Doc: "The content of a file, or so many bytes of it with a maximum. Without one, " +
					"more than 1 MiB gives nil and why. from is how many bytes are passed over; a " +
					"negative one counts from the end, so that file.read(path, 4096, -4096) is what " +
					"a log ends with.",
				Call: readFile},
			{Name: "lines", Signature: "file.lines(path) -> iterator", MinArgs: 1, MaxArgs: 1, Needs: capability.Files,
				Doc: "For a loop over the lines of a file, without their ends: for line in " +
					"file.lines(path) do. A file that cannot be opened gives nil and why; one that " +
					"cannot be read on, and a line of more than 64 KiB, raise an error.",
				Call: fileLines},
			{Name: "list", Signature: "file.list(pattern) -> {path, ...}",
				MinArgs: 1, MaxArgs: 1, Needs: capability.Files,
				Doc: "The paths that match, sorted: * and ? match any characters of one name, [a-z] " +
					"one of a class, ** any folders, also none. Names that begin with a dot are " +
					"matched by a dot only. What may not be read is left out; more than 10,000 give " +
					"nil and why.",
				Call: listFiles},
			{Name: "stat", Signature: "file.stat(path) -> {size, mtime, mode, type, uid, gid, owner}",
				MinArgs: 1, MaxArgs: 1, Needs: capability.Files,
				Doc: `What is at a path: size in bytes, mtime in seconds since 1970, mode as "0644", ` +
					"type (file, folder, pipe, socket or device), and the owner; nil and why if " +
					"nothing is.",
				Call: func(c *script.Call, l *lua.LState) int {
					return atPath(c, l, func(ctx context.Context, path string) (lua.LValue, error) {
						info, err := filesOf(c).Stat(ctx, path)
						if err != nil {
							return nil, err
						}
						return infoTable(l, info), nil
					})
				}},
			{Name: "readlink", Signature: "file.readlink(path) -> path",
				MinArgs: 1, MaxArgs: 1, Needs: capability.Files,
				Doc: "What a link names, as it is written there; where it leads must be declared, " +
					"too. Nil and why if it is no link.",
				Call: readLink},
			{Name: "usage",
				Signature: "file.usage(folder [, depth]) -> {bytes, files, folders, oldest, newest, skipped}",
				MinArgs:   1, MaxArgs: 2, Needs: capability.Files,
				Doc: "What is in a folder and those below it, down to a depth (1 is the folder " +
					"alone, 32 the most): the sizes of the regular files together, how many files " +
					"and folders there are, when the oldest and the newest file were changed " +
					"(seconds since 1970), and how many folders were left out because they cannot or " +
					"may not be read. Links are not followed. More than 100,000 entries of one " +
					"folder, or 500,000 in all, give nil and why.",
				Call: folderUsage},
			{Name: "statfs", Signature: "file.statfs(path) -> {total, free, avail, files, files_free}",
				MinArgs: 1, MaxArgs: 1, Needs: capability.Files,
				Doc: "The space of the file system that a path is in, in bytes; avail is what users " +
					"other than root can use. files is 0 where the system does not count them.",
				Call: func(c *script.Call, l *lua.LState) int {
					return atPath(c, l, func(ctx context.Context, path string) (lua.LValue, error) {
						s, err := filesOf(c).Space(ctx, path)
						if err != nil {
							return nil, err
						}
						t := l.CreateTable(0, 5)
						t.RawSetString("total", lua.LNumber(s.Total))
						t.RawSetString("free", lua.LNumber(s.Free))
						t.RawSetString("avail", lua.LNumber(s.Available))
						t.RawSetString("files", lua.LNumber(s.Files))
						t.RawSetString("files_free", lua.LNumber(s.FilesFree))
						return t, nil
					})
				}},
		},
	}
}

func filesOf(c *script.Call) script.Files {
	if c.World.Files != nil {
		return c.World.Files
	}
	return hostFiles{}
}

// allowed returns the path to use. If it is not ok, the results of the function are pushed: the
// guard could not follow a link. What the guard refuses ends the script.
func allowed(c *script.Call, l *lua.LState, path string) (resolved string, ok bool) {
	c.Charge(l, callCost)
	err := c.Blocking(func(ctx context.Context) (err error) {
		resolved, err = within(ctx, func() (string, error) { return c.Guard.File(path) })
		return err
	})
	if err != nil {
		decline(c, l, err)
		return "", false
	}
	return resolved, true
}

// atPath calls f, which waits for the world, with the path that the first argument names, and
// pushes its value.
func atPath(c *script.Call, l *lua.LState, f func(ctx context.Context, path string) (lua.LValue, error)) int {
	path, ok := allowed(c, l, l.CheckString(1))
	if !ok {
		return 2
	}
	var v lua.LValue
	err := c.Blocking(func(ctx context.Context) (err error) {
		v, err = f(ctx, path)
		return err
	})
	if err != nil {
		return c.Fail(l, err)
	}
	l.Push(v)
	return 1
}

func infoTable(l *lua.LState, info script.FileInfo) *lua.LTable {
	t := l.CreateTable(0, 7)
	t.RawSetString("size", lua.LNumber(info.Size))
	t.RawSetString("mtime", lua.LNumber(secondsOf(info.Modified)))
	t.RawSetString("mode", lua.LString(octal(info.Mode)))
	t.RawSetString("type", lua.LString(typeOf(info.Mode)))
	t.RawSetString("uid", lua.LNumber(info.UID))
	t.RawSetString("gid", lua.LNumber(info.GID))
	t.RawSetString("owner", lua.LString(info.Owner))
	return t
}

// octal returns permissions as chmod(1) takes them.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for i, bit := range [...]fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&bit != 0 {
			n |= 1 << (9 + i)
		}
	}
	return fmt.Sprintf("%04o", n)
}

func typeOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "folder"
	case m&fs.ModeSymlink != 0:
		return "link"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// open opens the file that the first argument names. If it is not ok, the results of the
// function are pushed.
func open(c *script.Call, l *lua.LState) (f io.ReadCloser, ok bool) {
	path, ok := allowed(c, l, l.CheckString(1))
	if !ok {
		return nil, false
	}
	err := c.Blocking(func(ctx context.Context) (err error) {
		f, err = filesOf(c).Open(ctx, path)
		return err
	})
	if err != nil {
		c.Fail(l, err)
		return nil, false
	}
	if file, isFile := f.(*os.File); isFile {
		if err := c.Guard.Opened(file); err != nil {
			file.Close()
			decline(c, l, err)
			return nil, false
		}
	}
	return f, true
}

func readFile(c *script.Call, l *lua.LState) int {
	most, from := c.Limits.StringBytes, l.OptInt64(3, 0)
	partly := l.Get(2) != lua.LNil
	if partly {
		most = min(most, max(0, l.CheckInt(2)))
	}
	closed := c.OpenFile(l)
	defer closed()
	f, ok := open(c, l)
	if !ok {
		return 2
	}
	defer f.Close()
	var text []byte
	err := c.Blocking(func(ctx context.Context) (err error) {
		text, err = within(ctx, func() ([]byte, error) {
			if err := skip(f, from); err != nil {
				return nil, err
			}
			return readUpTo(ctx, f, most+1)
		})
		return err
	})
	switch {
	case err != nil:
		return c.Fail(l, err)
	case len(text) > most && !partly:
		return c.Fail(l, fmt.Errorf("%s has more than %d bytes", l.CheckString(1), most))
	}
	return c.Push(l, string(text[:min(len(text), most)]))
}

// skip passes over the first bytes of a file, or with a negative number over all but the last.
func skip(f io.Reader, from int64) error {
	if from == 0 {
		return nil
	}
	s, ok := f.(io.Seeker)
	if !ok {
		return errors.New("it can be read from its beginning only")
	}
	if from > 0 {
		_, err := s.Seek(from, io.SeekStart)
		return err
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.Seek(max(0, end+from), io.SeekStart)
	}
	return err
}

// readUpTo reads at most that many bytes. Files of the kernel have no size, so it reads until the end.
func readUpTo(ctx context.Context, r io.Reader, most int) ([]byte, error) {
	const step = 16 << 10
	var text []byte
	for len(text) < most {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		piece := make([]byte, min(step, most-len(text)))
		n, err := io.ReadFull(r, piece)
		text = append(text, piece[:n]...)
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return text, nil
}

func readLink(c *script.Call, l *lua.LState) int {
	path := l.CheckString(1)
	if _, ok := allowed(c, l, path); !ok {
		return 2
	}
	var target string
	err := c.Blocking(func(ctx context.Context) error {
		folder, err := filesOf(c).Resolve(ctx, filepath.Dir(path))
		if err == nil {
			target, err = filesOf(c).Readlink(ctx, filepath.Join(folder, filepath.Base(path)))
		}
		return err
	})
	if err != nil {
		return c.Fail(l, err)
	}
	return c.Push(l, target)
}
