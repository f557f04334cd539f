package footprint

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// resident is this process's resident file pages, kB, after proc_pid_status(5).
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "RssFile:")
	if !ok {
		t.Fatal("no RssFile")
	}
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A test binary of the race detector is relocated, so the program that gives back is a child without it.
func TestGiveBackReleasesPagesAndTheProgramGoesOn(t *testing.T) {
	if os.Getenv("FOOTPRINT_CHILD") != "" {
		before := resident(t)
		new(Program).GiveBack(strconv.Itoa, testing.MainStart)
		after := resident(t)
		if after > before-128 {
			t.Errorf("%d kB resident before, %d after", before, after)
		}
		new(Program).GiveBackTables()
		if tables := resident(t); tables > after-128 {
			t.Errorf("%d kB resident before the tables went, %d after", after, tables)
		}
		if _, file, _, ok := runtime.Caller(0); !ok || !strings.HasSuffix(file, "_test.go") {
			t.Errorf("the stack cannot be unwound: %q", file)
		}
		// What was given back is there when it is needed.
		if s := bytes.ToUpper([]byte("still here")); string(s) != "STILL HERE" {
			t.Errorf("got %q", s)
		}
		return
	}
	bin := t.TempDir() + "/child"
	build := exec.Command("go", "test", "-c", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	child := exec.Command(bin, "-test.run", "TestGiveBackReleasesPagesAndTheProgramGoesOn", "-test.v")
	child.Env = append(os.Environ(), "FOOTPRINT_CHILD=1")
	out, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestParseMapping(t *testing.T) {
	m, ok := parseMapping([]byte("00400000-0083f000 r-xp 00000000 fe:00 9994832                            /usr/bin/virgo"))
	if want := (mapping{start: 0x400000, end: 0x83f000, inode: 9994832, executable: true}); !ok || m != want {
		t.Errorf("got %+v, %v", m, ok)
	}
	for _, bad := range []string{
		"", "nonsense", "0083f000-00400000 r-xp 00000000 fe:00 1 /x", "00400000-0083f000 r-xp 00000000 00:00 0 [heap]",
		"00400000 r-xp 00000000 fe:00 1 /x y", "00400000-0083f000 r-x 0 fe:00 1 /x",
	} {
		if m, ok := parseMapping([]byte(bad)); ok {
			t.Errorf("%q gave %+v", bad, m)
		}
	}
}
