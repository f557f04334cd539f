package apps

import (
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

func TestCountFilesToADepth(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{"q/a": "", "q/0/b": "", "q/0/1/c": "", "q/0/1/2/d": ""}, nil)
	for depth, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 4} {
		if got, err := countFiles(t.Context(), h, "/q", depth); got != want || err != nil {
			t.Errorf("%d deep: %d files, %v, want %d", depth, got, err, want)
		}
	}
}

// The number in the lock file may be that of another process by now.
func TestFindMaster(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"q/pid/master.pid": "       42\n", "proc/42/comm": "master\n", "proc/7/comm": "master\n",
		"reused/pid/master.pid": "9\n", "proc/9/comm": "sh\n",
	}, nil)
	for queues, want := range map[string]postfixProcess{"/q": {42, "master"}, "/reused": {}, "/none": {}} {
		if got := findMaster(h, queues); got != want {
			t.Errorf("%s: %+v", queues, got)
		}
	}
}

func TestParsePostconf(t *testing.T) {
	got := parsePostconf([]byte("# no\na = 1\n b\n\nbroken\n lost\nc=\n"))
	if len(got) != 2 || got["a"] != "1 b" || got["c"] != "" {
		t.Errorf("%q", got)
	}
}
