package timer

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCronRuns(t *testing.T) {
	for name, want := range map[string]bool{
		"cron|/usr/sbin/cron\x00-f\x00": true, "crond|crond\x00": true, "busybox|/bin/busybox\x00crond\x00-b\x00": true,
		"busybox|busybox\x00syslogd\x00": false, "crontab|crontab\x00-e\x00": false, "sh|sh\x00crond\x00": false, "|": false,
	} {
		proc := t.TempDir()
		folder := filepath.Join(proc, "17")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		comm, command := filepath.Join(folder, "comm"), filepath.Join(folder, "cmdline")
		i := 0
		for name[i] != '|' {
			i++
		}
		if err := os.WriteFile(comm, []byte(name[:i]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(command, []byte(name[i+1:]), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := cronRuns(proc); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	if !cronRuns(filepath.Join(t.TempDir(), "none")) {
		t.Error("where processes cannot be seen, none is missed")
	}
}
