//go:build unix

package api

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect/script"
)

// tree is a folder with files, and with links and things that are no files.
func tree(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"a/deep/er", "b", "secret"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"a/one.log": "first\r\n\nlast", "a/two.log": "22", "a/.hidden": "", "a/deep/three.log": "333", "a/deep/er/four.log": "4444", "secret/key": "geheim",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Unix(1_600_000_000, 500_000_000)
	if err := os.Chtimes(filepath.Join(dir, "a/one.log"), at, at); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"b/in": "../a/one.log", "b/out": "../secret/key", "b/folder": "../a", "b/secret": "../secret", "b/loop": "loop", "b/none": "gone", "a/out.log": "../secret/key",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFiles(t *testing.T) {
	dir := tree(t)
	guard := &allowing{list: []string{"files " + dir + "/a", "files " + dir + "/a/*", "files " + dir + "/b/*", "files /dev/null", "files /proc/self/*", "files /proc/" + fmt.Sprint(os.Getpid()) + "/*"}}
	rows := []row{
		{code: `return file.read("D/a/one.log")`, want: "first\r\n\nlast"},
		{code: `return file.read("D/a/one.log", 3), file.read("D/a/one.log", 0)`, want: "fir | "},
		{code: `return file.read("D/a/one.log", 5, 7), file.read("D/a/one.log", 9, -4), file.read("D/a/one.log", 3, -100), file.read("D/a/one.log", 3, 100)`, want: "\nlast | last | fir | "},
		{code: `return file.read("D/b/in", 5)`, want: "first"},
		{code: `return file.read("D/a/none")`, want: "nil | open D/a/none: no such file or directory"},
		{code: `return file.read("D/b/none")`, want: "nil | open D/b/none: not a regular file"},
		{code: `return file.read("D/a/pipe")`, want: "nil | open D/a/pipe: not a regular file"},
		{code: `return file.read("D/a")`, want: "nil | open D/a: not a regular file"},
		{code: `return file.read("/dev/null")`, want: "nil | open /dev/null: not a regular file"},
		{code: `return file.read("D/secret/key")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.read("D/a/../secret/key")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.read("D/b/out")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.read("D/b/secret/key")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.stat("D/b/out")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.lines("D/b/out")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `return file.statfs("D/secret")`, raises: `uses file "D/secret", which it does not declare`},
		{code: `return file.usage("D/secret")`, raises: `uses file "D/secret", which it does not declare`},
		{code: `return file.list("D/secret/*")`, raises: `uses file "D/secret/*", which it does not declare`},
		{code: `return file.readlink("D/b/out")`, raises: `uses file "D/secret/key", which it does not declare`},
		{code: `local t = {} for line in file.lines("D/a/one.log") do t[#t+1] = "[" .. line .. "]" end return t`, want: "{[first] [] [last]}"},
		{code: `return file.lines("D/a/none")`, want: "nil | open D/a/none: no such file or directory"},
		{code: `return file.list("D/a/*")`, want: "{D/a/deep D/a/one.log D/a/pipe D/a/two.log}"},
		{code: `return file.list("D/a/*.log"), file.list("D/a/.h*"), file.list("D/a/t[a-z]o.log"), file.list("D/a/none*")`,
			want: "{D/a/one.log D/a/two.log} | {D/a/.hidden} | {D/a/two.log} | {}"},
		{code: `return file.list("D/a/**/*.log")`, want: "{D/a/deep/er/four.log D/a/deep/three.log D/a/one.log D/a/two.log}"},
		{code: `return file.list("D/a/**")`, want: "{D/a/deep D/a/deep/er D/a/deep/er/four.log D/a/deep/three.log D/a/one.log D/a/pipe D/a/two.log}"},
		{code: `return file.list("D/b/*/one.log"), file.list("D/b/*/key"), file.list("D/b/fold*/t*")`, want: "{D/b/folder/one.log} | {} | {D/b/folder/two.log}"},
		{code: `return file.list("D/a/one.log"), file.list("D/a/x")`, want: "{D/a/one.log} | {}"},
		{code: `return file.list("D/a/[")`, raises: `is no pattern`},
		{code: `local s = file.stat("D/a/one.log") return s.size, s.mtime == 1600000000.5, s.mode, s.type, s.owner ~= ""`, want: "12 | true | 0640 | file | true"},
		{code: `return file.stat("D/a").type, file.stat("D/a/pipe").type, file.stat("/dev/null").type`, want: "folder | pipe | device"},
		{code: `return file.stat("D/a/none")`, want: "nil | stat D/a/none: no such file or directory"},
		{code: `return file.readlink("D/b/in"), file.readlink("D/b/none")`, want: "../a/one.log | gone"},
		{code: `return file.readlink("D/a/one.log")`, want: "nil | readlink D/a/one.log: invalid argument"},
		{code: `local u = file.usage("D/a") return u.bytes, u.files, u.folders, u.skipped, u.oldest == 1600000000.5, u.newest > u.oldest`, want: "21 | 7 | 2 | 0 | true | true"},
		{code: `local u = file.usage("D/a", 1) return u.bytes, u.files, u.folders`, want: "14 | 5 | 1"},
		{code: `return file.usage("D/a/none")`, want: "nil | open D/a/none: no such file or directory"},
		{code: `return file.usage("D/a", 0)`, raises: "want a depth from 1 to 32"},
		{code: `local s = file.statfs("D/a") return s.total >= s.free, s.free >= s.avail, s.total > 0`, want: "true | true | true"},
		{code: `return file.read("D/a/one.log", -1)`, want: ""},
	}
	for i := range rows {
		for _, s := range []*string{&rows[i].code, &rows[i].want, &rows[i].raises} {
			*s = strings.ReplaceAll(*s, "D/", dir+"/")
		}
	}
	runRows(t, guard, rows)
}

// What is longer than a script may have is not read to its end, also where the size is not told before.
func TestFilesAreBounded(t *testing.T) {
	dir := tree(t)
	for name, text := range map[string]string{"long": strings.Repeat("x", 2<<20), "line": strings.Repeat("y", maxLine+1) + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, "a", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := run(t, &allowing{list: []string{"files *"}}, strings.ReplaceAll(`local t, why = file.read("D/a/long")
		local head = file.read("D/a/long", 10 * 1024 * 1024)
		local ok, lines = pcall(function() for line in file.lines("D/a/line") do end end)
		return t, why, #head, ok, lines`, "D/", dir+"/"))
	got = strings.ReplaceAll(got, dir, "D")
	if want := "nil | D/a/long has more than 1048576 bytes | 1048576 | false | a.lua:3: reading D/a/line: a line of more than 65536 bytes"; err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

// A folder with more entries than are listed, or compared with a pattern, is one that somebody filled.
func TestFoldersAreBounded(t *testing.T) {
	for entries, want := range map[int]string{
		maxMatches:     "10000 | nil | 10000",
		maxMatches + 1: "nil | more than 10000 files match | 10001",
		maxEntries + 1: "nil | more than 100000 names to compare in one folder, or 500000 in all | the folder has too many entries",
	} {
		got, err := run(t, &everything{}, `local list, why = file.list("/many/*") local u, many = file.usage("/many") return list and #list, why, u and u.files or many`,
			func(o *script.Options) { o.World.Files = manyFiles(entries) })
		if err != nil || got != want {
			t.Errorf("%d entries: %s, %v; want %s", entries, got, err, want)
		}
	}
}

// Between the guard's decision and the opening, a part of the path becomes a link: the file is not opened.
func TestReplacedByLink(t *testing.T) {
	dir := tree(t)
	swap := func(path, target string) func(string) {
		return func(string) {
			if err := os.Rename(path, path+".old"); err != nil {
				t.Error(err)
			}
			if err := os.Symlink(target, path); err != nil {
				t.Error(err)
			}
		}
	}
	for _, s := range []struct {
		path, code string
		swap       func(string)
	}{
		{dir + "/a/two.log", "read", swap(dir+"/a/two.log", "../secret/key")},
		{dir + "/a/deep/er/four.log", "read", swap(dir+"/a/deep", "../secret")},
		{dir + "/a/one.log", "lines", swap(dir+"/a/one.log", "../secret/key")},
		{dir + "/b", "usage", swap(dir+"/b", "secret")},
		{dir + "/a/pipe", "stat", swap(dir+"/a", "secret")},
	} {
		guard := &allowing{list: []string{"files *"}}
		got, err := run(t, &swapping{allowing: guard, after: s.swap}, fmt.Sprintf(`return file.%s(%q)`, s.code, s.path))
		if err != nil || !strings.HasPrefix(got, "nil | ") {
			t.Errorf("%s %s: %s, %v", s.code, s.path, got, err)
		}
	}
}

// swapping changes the world after its first decision.
type swapping struct {
	*allowing
	after func(string)
}

func (g *swapping) File(p string) (string, error) {
	resolved, err := g.allowing.File(p)
	if g.after != nil {
		g.after(p)
		g.after = nil
	}
	return resolved, err
}

// The guard decides once more on the file that was opened.
func TestOpenedIsAsked(t *testing.T) {
	dir := tree(t)
	refusal := &allowing{}
	guard := &allowing{list: []string{"files *"}, opened: func(f *os.File) error { return refusal.decide("files " + f.Name()) }}
	for _, code := range []string{"read", "lines"} {
		if got, err := run(t, guard, fmt.Sprintf(`return file.%s(%q)`, code, dir+"/a/one.log")); err == nil || !strings.Contains(err.Error(), "does not declare") {
			t.Errorf("%s: %s, %v", code, got, err)
		}
	}
}

// A socket and a pipe without a writer are not waited for.
func TestNothingIsWaitedFor(t *testing.T) {
	dir := tree(t)
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, name := range []string{"socket", "a/pipe"} {
		if f, err := openRegular(filepath.Join(dir, name)); !errors.Is(err, errNotRegular) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := openRegular(dir + "/b/in"); !errors.Is(err, errNotRegular) {
		t.Errorf("a link: %v", err)
	}
	if _, err := openRegular(dir + "/b/folder/one.log"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link on the way: %v", err)
	}
	if info, err := statAt("/"); err != nil || !info.Mode.IsDir() {
		t.Errorf("the root: %v, %v", info, err)
	}
}
