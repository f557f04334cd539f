package agent

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// maxThreads bounds the threads whose figures are read.
const maxThreads = 1000

// waitedForProcessor returns how long the threads of this process were ready to run and had no
// processor: the second figure of /proc/PID/task/TID/schedstat (kernel document
// scheduler/sched-stats). It includes what the limit of a control group took away. 0 if it is not
// known.
func waitedForProcessor() time.Duration {
	files, _ := filepath.Glob("/proc/self/task/*/schedstat")
	var total time.Duration
	for _, file := range files[:min(len(files), maxThreads)] {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			ns, _ := strconv.ParseInt(fields[1], 10, 64)
			total += time.Duration(ns)
		}
	}
	return total
}
