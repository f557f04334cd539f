package timer

import (
	"bytes"
	"context"
	"errors"
	"os"

	"virgo/collect/procfs"
)

// Warning says that no program runs that would read the entry.
func (c Crontab) Warning(context.Context) string {
	if cronRuns("/proc") {
		return ""
	}
	return "no cron daemon runs on this host, so nothing starts virgo yet: start it, for example by " +
		"`systemctl enable --now cron` or `rc-service crond start`, or use `virgo install --systemd`"
}

// cronGenerators are of systemd-cron, which makes systemd's own timers of the entries.
var cronGenerators = [...]string{
	"/usr/lib/systemd/system-generators/systemd-crontab-generator",
	"/lib/systemd/system-generators/systemd-crontab-generator",
}

// cronRuns reports whether a cron daemon runs, or that cannot be seen.
func cronRuns(proc string) bool {
	for _, path := range cronGenerators {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	if procfs.HidesProcesses(proc) {
		return true
	}
	err := procfs.EachProcess(proc, func(_ int, folder string) error {
		var buf [64]byte
		name, err := procfs.FirstLine(folder+"/comm", buf[:])
		if err != nil {
			return nil
		}
		switch string(name) {
		case "cron", "crond", "dcron", "fcron", "cronie", "bcron-sched":
			return errFound
		case "busybox":
			command, err := procfs.ReadFile(folder+"/cmdline", nil, 1024)
			if err == nil && bytes.Contains(command, []byte("\x00crond\x00")) {
				return errFound
			}
		}
		return nil
	})
	return err != nil // found, or /proc cannot be read
}

var errFound = errors.New("found")
