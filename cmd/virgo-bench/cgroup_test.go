package main

import (
	"errors"
	"testing"
)

func TestFindMemoryController(t *testing.T) {
	const (
		v2     = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
		v1     = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory\n"
		v1CPU  = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
		hybrid = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		root   = "31 23 0:28 / / rw,relatime - ext4 /dev/vda rw\n"
	)
	for name, tt := range map[string]struct {
		mountinfo, cgroup string
		want              memoryController
		missing           bool
	}{
		"version 2": {root + v2, "0::/user.slice/user-0.slice/session-1.scope\n",
			memoryController{true, "/sys/fs/cgroup", "/user.slice/user-0.slice/session-1.scope"}, false},
		"version 1": {root + v1CPU + v1, "4:memory:/a:b\n1:cpu:/\n",
			memoryController{false, "/sys/fs/cgroup/memory", "/a:b"}, false},
		"both": {hybrid + v1, "4:cpu,memory:/one\n0::/two\n",
			memoryController{false, "/sys/fs/cgroup/memory", "/one"}, false},
		"container with the host's namespace": {
			"35 31 0:32 /docker/12 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "4:memory:/docker/12/below\n",
			memoryController{false, "/sys/fs/cgroup/memory", "/below"}, false},
		"at the container's group": {
			"35 31 0:32 /docker/12 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/docker/12\n",
			memoryController{true, "/sys/fs/cgroup", "/"}, false},
		"another container's": {"35 31 0:32 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/docker/12\n", memoryController{}, true},
		"blank in the path": {`35 31 0:32 / /my\040groups rw - cgroup2 cgroup rw` + "\n", "0::/\n",
			memoryController{true, "/my groups", "/"}, false},
		"another controller alone":   {v1CPU, "1:cpu:/\n", memoryController{}, true},
		"controller of another name": {"35 31 0:32 / /m rw - cgroup cgroup rw,memory_other\n", "4:memory_other:/\n", memoryController{}, true},
		"no control groups":          {root, "", memoryController{}, true},
		"nonsense":                   {"- - -\n\n1 2 3 - cgroup2 x y\n", "0::\n:\n", memoryController{}, true},
	} {
		got, err := findMemoryController([]byte(tt.mountinfo), []byte(tt.cgroup))
		if got != tt.want || errors.Is(err, errNoController) != tt.missing {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestParseBytes(t *testing.T) {
	if n, err := parseBytes([]byte("516096\n")); err != nil || n != 516096 {
		t.Errorf("%d, %v", n, err)
	}
	for _, text := range []string{"", "max\n", "-1\n", "12 kB\n", "99999999999999999999\n"} {
		if n, err := parseBytes([]byte(text)); err == nil {
			t.Errorf("%q was taken for %d", text, n)
		}
	}
}

func TestPeakFile(t *testing.T) {
	if got := (memoryController{unified: true}).peakFile(); got != "memory.peak" {
		t.Errorf("version 2: %s", got)
	}
	if got := (memoryController{}).peakFile(); got != "memory.max_usage_in_bytes" {
		t.Errorf("version 1: %s", got)
	}
}
