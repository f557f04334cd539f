package procfs

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"testing"
)

func TestReadStatOfThisProcess(t *testing.T) {
	s, err := ReadStat("/proc/self")
	if err != nil || s.PID != os.Getpid() || s.Parent != os.Getppid() || s.Start == 0 || s.RSS == 0 || s.Threads == 0 || s.Ended() {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := ReadStat("/proc/self/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestEachProcessFindsThisOne(t *testing.T) {
	errFound := errors.New("found")
	err := EachProcess("/proc", func(pid int, folder string) error {
		if folder != "/proc/"+strconv.Itoa(pid) {
			t.Errorf("%d: %s", pid, folder)
		}
		if pid == os.Getpid() {
			return errFound
		}
		return nil
	})
	if err != errFound {
		t.Errorf("this process is not among them: %v", err)
	}
	if err := EachEntry("/proc/self", 3, func(string) error { return nil }); err == nil {
		t.Error("a folder with more entries than allowed is no error")
	}
}
