package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDelegating(t *testing.T) {
	mount := t.TempDir()
	groups := map[string]string{
		"/": "cpu memory\n", "/user": "memory pids\n", "/user/session": "", "/user/session/mine": "memory_other\n",
	}
	for group, control := range groups {
		dir := filepath.Join(mount, group)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(control), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for group, want := range map[string]string{"/": "/", "/user": "/user", "/user/session": "/user", "/user/session/mine": "/user"} {
		if dir, err := delegating(mount, group); err != nil || dir != filepath.Join(mount, want) {
			t.Errorf("%s: %s, %v", group, dir, err)
		}
	}
	if dir, err := delegating(filepath.Join(mount, "user", "session"), "/mine"); err == nil {
		t.Errorf("no group gives the controller, and %s was found", dir)
	}
	if dir, err := delegating(mount, "/none"); err == nil {
		t.Errorf("no such group, and %s was found", dir)
	}
}

func TestCharged(t *testing.T) {
	parent, err := findGroupParent()
	if err != nil {
		t.Skipf("no memory of a group is accounted here: %v", err)
	}
	before := groupsBelow(t, parent.dir)
	buffer := func(size string) int64 {
		s, err := parent.charged([]string{"PATH=" + os.Getenv("PATH")}, []string{"dd", "if=/dev/zero", "of=/dev/null", "count=1", "bs=" + size})
		if err != nil {
			t.Fatal(err)
		}
		return s.Charged
	}
	small, large := buffer("1k"), buffer("32M")
	if more := large - small; small <= 0 || more < 31<<20 || more > 40<<20 {
		t.Errorf("a buffer of 1 KiB: %d bytes, of 32 MiB: %d bytes", small, large)
	}
	// What the program prints and how it ends is not lost in the shell.
	if _, err := parent.charged(nil, []string{"/bin/sh", "-c", "echo why >&2; exit 3"}); err == nil || !strings.Contains(err.Error(), "ended with 3: why") {
		t.Errorf("a program that fails: %v", err)
	}
	if after := groupsBelow(t, parent.dir); after > before {
		t.Errorf("%d groups, %d before", after, before)
	}
}

// groupsBelow counts the groups of this program.
func groupsBelow(t *testing.T, dir string) int {
	list, err := filepath.Glob(filepath.Join(dir, "virgo-bench-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestDropPages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	const size = 1 << 20
	if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(file, &fs); err != nil {
		t.Fatal(err)
	}
	if fs.Type == unix.TMPFS_MAGIC {
		if err := dropPages(file); err == nil {
			t.Error("a file that is nowhere but in the page cache was dropped from it")
		}
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cached := func() int {
		n, err := cachedPages(f)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 {
		if err := dropPages(file); err != nil {
			t.Fatal(err)
		}
		if n := cached(); n != 0 {
			t.Errorf("%d pages are cached after they were dropped", n)
		}
		if err := readPages(file); err != nil {
			t.Fatal(err)
		}
		if n, want := cached(), size/os.Getpagesize(); n != want {
			t.Errorf("%d of %d pages are cached after they were read", n, want)
		}
	}
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mapped)
	if err := dropPages(file); err == nil {
		t.Error("the kernel keeps pages that are mapped, and all were dropped")
	}
}
