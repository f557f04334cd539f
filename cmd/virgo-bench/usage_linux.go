package main

import (
	"fmt"
	"os"
	"time"

	"virgo/collect/procfs"
)

// ticksASecond is the unit of processor time in /proc/PID/stat: the kernel's USER_HZ, 100 on every processor
// that Go runs on.
const ticksASecond = 100

// usageOf returns what a process that runs has used so far: CPU in steps of 10 ms, and its peak of resident
// memory.
func usageOf(pid int) (s sample, err error) {
	stat, err := procfs.ReadStat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return s, err
	}
	s.CPU = time.Duration(stat.UserTicks+stat.SystemTicks) * time.Second / ticksASecond
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, err
	}
	return s, s.readStatus(status)
}
