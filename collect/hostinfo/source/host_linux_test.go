package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestHostReads(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.Root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "text")
	if b, err := h.Read("/a"); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := h.Read("/b"); !IsAbsent(err) || strings.Contains(err.Error(), h.Root) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := h.Read("/"); err == nil || IsAbsent(err) {
		t.Errorf("a folder: %v", err)
	}
	if names, err := h.Names("/"); !slices.Equal(names, []string{"a"}) || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	if names, err := h.Names("/none"); names != nil || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	if found := h.Glob("/?"); !slices.Equal(found, []string{"/a"}) {
		t.Error(found)
	}
	// The end of a log begins at a record.
	f, err := os.Create(filepath.Join(h.Root, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(MaxFileBytes + 12345); err != nil {
		t.Fatal(err)
	}
	if b, err := h.ReadEnd("/log", 400); len(b) != MaxFileBytes+12345-12400 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if b, err := h.ReadEnd("/a", 400); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// A pipe in the place of a file or folder does not block.
func TestPipesAreNotWaitedFor(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(h.Root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Names("/pipe"); err == nil {
		t.Error("a pipe is listed")
	}
	if _, err := h.Read("/pipe"); err == nil {
		t.Error("a pipe is read")
	}
}

// The kernel truncates names to 15 bytes; the numbers of other processes and other entries are left
// out.
func TestProcesses(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	for name, text := range map[string]string{
		"7/comm": "a-program-with-\n", "8/comm": "a-program\n", "self/comm": "a-program-with-\n", "9/stat": "",
	} {
		file := filepath.Join(h.Root, "proc", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Processes("a-program-with-a-long-name"); !slices.Equal(got, []int{7}) {
		t.Error(got)
	}
	if name := h.ProcessName(9); name != "" {
		t.Errorf("%q", name)
	}
}

func TestProblems(t *testing.T) {
	var p Problems
	p.Add(nil)
	p.Add(fs.ErrNotExist)
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	p.Add(io.EOF)
	if err := p.Err(); err != io.EOF {
		t.Error(err)
	}
	p.Add(io.ErrUnexpectedEOF)
	if err := p.Err(); !errors.Is(err, io.EOF) || err.Error() != "EOF (and 1 more)" {
		t.Error(err)
	}
}

func TestOwners(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	if err := os.Mkdir(filepath.Join(h.Root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n+nis:x:7:7::/:/bin/sh\n#no:x:8:8\n",
		"group":  "wheel:x:10:bob\r\nbroken:x\n",
	} {
		if err := os.WriteFile(filepath.Join(h.Root, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := h.Owners()
	got := []string{o.User(0), o.User(7), o.User(8), o.Group(10), o.Group(0)}
	if want := []string{"root", "7", "8", "wheel", "0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
