package main

import "testing"

func TestParseSyncs(t *testing.T) {
	for name, tt := range map[string]struct {
		trace string
		want  int
	}{
		"none": {"", 0},
		"each call": {`120 fdatasync(4)                      = 0
120   fsync(5)                          = 0
121   msync(0x7f0000, 4096, MS_SYNC)    = 0
120   sync()                            = 0
`, 4},
		"interrupted by another thread": {`120 fdatasync(4 <unfinished ...>
121 fsync(7)                              = 0
120 <... fdatasync resumed>)              = 0
`, 2},
		"ended with its process": {"120 fsync(4 <detached ...>\n121 ???( <detached ...>\n", 1},
		"failed":                 {"120 fsync(4) = -1 EINVAL (Invalid argument)\n", 1},
	} {
		if n, err := parseSyncs(tt.trace); err != nil || n != tt.want {
			t.Errorf("%s: %d, %v, want %d", name, n, err, tt.want)
		}
	}
	for _, trace := range []string{"120 openat(AT_FDCWD, \"fsync(\") = 3\n", "120 +++ exited with 0 +++\n", "\n", "nonsense\n"} {
		if n, err := parseSyncs(trace); err == nil {
			t.Errorf("%q was taken for %d syncs", trace, n)
		}
	}
}

func TestCountSyncs(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	if err := b.tryStrace(); err != nil {
		t.Skipf("programs cannot be traced: %v", err)
	}
	// A child's count, too: it could be a run's worker.
	n, err := b.countSyncs(nil, []string{"/bin/sh", "-c", "sync " + b.dir + "; (sync -d " + b.path("trace") + "; :)"})
	if err != nil || n != 2 {
		t.Errorf("%d syncs, %v", n, err)
	}
	if _, err := b.countSyncs(nil, []string{"/bin/sh", "-c", "exit 3"}); err == nil {
		t.Error("a run that failed was counted")
	}
}
