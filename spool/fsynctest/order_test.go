package fsynctest

import (
	"slices"
	"strings"
	"testing"
)

// The programs work in /d, where old exists.
func TestRules(t *testing.T) {
	for name, tt := range map[string]struct {
		trace string
		want  []string // a part of each fault
	}{
		"create and report": {`
1 openat(AT_FDCWD</a, b>, "/d/a, <b>", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</d/a, <b>>
1 pwrite64(3</d/a, b>, "a, \"b\"", 6, 0) = 6
1 fdatasync(3</d/a, b>)                = 0
1 openat(AT_FDCWD</>, "/d", O_RDONLY|O_CLOEXEC) = 4</d>
1 fsync(4</d>)                      = 0
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, nil},
		"no sync of the content": {`
1 openat(AT_FDCWD</>, "/d/old", O_RDWR) = 3</d/old>
1 write(3</d/old>, "x", 1) = 1
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, []string{`before line 1 of the output ("done\n"): /d/old is not synced after write`}},
		"no sync of the folder": {`
1 openat(AT_FDCWD</>, "/d/a", O_RDWR|O_CREAT, 0600) = 3</d/a>
1 mkdirat(AT_FDCWD</>, "/d/sub", 0700) = 0
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, []string{"the folder of /d/a is not synced after openat", "the folder of /d/sub"}},
		"a file that was there": {`
1 openat(AT_FDCWD</>, "/d/old", O_RDWR|O_CREAT, 0600) = 3</d/old>
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, nil},
		"rename before the sync": {`
1 openat(AT_FDCWD</>, "/d/new", O_RDWR|O_CREAT, 0600) = 3</d/new>
1 write(3</d/new>, "x", 1) = 1
1 renameat(AT_FDCWD</>, "/d/new", AT_FDCWD</>, "/d/old") = 0
1 fsync(3</d/old>)                  = 0
1 fsync(4</d>)                      = 0
1 +++ exited with 0 +++`, []string{"renameat /d/new to /d/old: its content is not synced"}},
		"rename without a sync of the folder": {`
1 openat(AT_FDCWD</>, "/d/new", O_RDWR|O_CREAT, 0600) = 3</d/new>
1 write(3</d/new>, "x", 1) = 1
1 fsync(3</d/new>)                  = 0
1 fsync(4</d>)                      = 0
1 rename("/d/new", "/d/old") = 0`, []string{"before the program's end: the folder of /d/old is not synced after rename"}},
		"a file that is removed again": {`
1 openat(AT_FDCWD</>, "/d/a", O_RDWR|O_CREAT, 0600) = 3</d/a>
1 write(3</d/a>, "x", 1) = 1
1 unlinkat(AT_FDCWD</>, "/d/a", 0) = 0
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, nil},
		"a sync that failed": {`
1 write(3</d/old>, "x", 1) = 1
1 fsync(3</d/old>)                  = -1 EIO (Input/output error)
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, []string{"/d/old is not synced"}},
		"a write while a sync runs": {`
1 write(3</d/old>, "x", 1) = 1
1 fsync(3</d/old> <unfinished ...>
2 write(3</d/old>, "y", 1) = 1
1 <... fsync resumed>)              = 0
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, []string{"/d/old is not synced after write"}},
		"a sync that is interrupted": {`
1 write(3</d/old>, "x", 1) = 1
1 fsync(3</d/old> <unfinished ...>
2 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL} ---
1 <... fsync resumed>)              = 0
1 write(1<pipe:[7]>, "done\n", 5)   = 5`, nil},
		"a line before the sync ends": {`
1 write(3</d/old>, "x", 1) = 1
1 fsync(3</d/old> <unfinished ...>
2 write(1<pipe:[7]>, "done\n", 5)   = 5
1 <... fsync resumed>)              = 0`, []string{"before line 1"}},
		"another folder": {`
1 openat(AT_FDCWD</>, "/dd/a", O_RDWR|O_CREAT, 0600) = 3</dd/a>
1 write(3</dd/a>, "x", 1) = 1
1 rename("/dd/a", "/dd/b") = 0`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := parse(strings.NewReader(strings.TrimSpace(tt.trace)))
			if err != nil {
				t.Fatal(err)
			}
			got := check(calls, "/d", []string{"/d", "/d/old"}).Faults
			if len(got) != len(tt.want) {
				t.Fatalf("faults %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("fault %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

func TestTraceNamesFiles(t *testing.T) {
	calls, err := parse(strings.NewReader(`1 openat(AT_FDCWD</>, "/d/new, a", O_RDWR|O_CREAT, 0600) = 3</d/new>
1 renameat(AT_FDCWD</>, "/d/new, a", AT_FDCWD</>, "/d/old") = 0
2 ???( <detached ...>
1 write(1<pipe:[7]>, "done\n", 5)   = 5`))
	if err != nil {
		t.Fatal(err)
	}
	got := check(calls, "/d", []string{"/d"})
	if !slices.Equal(got.Created, []string{"/d/new, a"}) || !slices.Equal(got.Renamed, []string{"/d/old"}) || got.Lines != 1 {
		t.Errorf("%+v", got)
	}
}

func TestUnknownOutputIsAnError(t *testing.T) {
	for _, line := range []string{"fsync(3) = 0", "1 what is this", "1 fsync <unfinished ...>"} {
		if calls, err := parse(strings.NewReader(line)); err == nil {
			t.Errorf("%q is read as %+v", line, calls)
		}
	}
}
