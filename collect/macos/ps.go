package macos

import (
	"context"
	"strconv"
	"strings"
	"time"

	"virgo/collect/program"
)

// A Listed process is what ps tells of it. ps runs as root whoever starts it (its set-user-ID bit), and
// so knows what the kernel hides from this user.
type Listed struct {
	Resident uint64 // bytes
	Time     time.Duration
	// Command is the arguments with blanks between them.
	Command string
}

// psPath is the program that lists processes.
const psPath = "/bin/ps"

// maxListed bounds how many processes are read.
const maxListed = 1 << 18

// List reads all processes from ps(1), by PID.
func List(ctx context.Context) (map[int]Listed, error) {
	b, err := program.Run(ctx, psPath, "-axww", "-o", "pid=,rss=,time=,command=")
	if err != nil {
		return nil, err
	}
	return parseList(string(b)), nil
}

// parseList reads lines of PID, resident KiB, processor time and command. Others are skipped.
func parseList(text string) map[int]Listed {
	all := make(map[int]Listed)
	for line := range strings.Lines(text) {
		if len(all) >= maxListed {
			break
		}
		var columns [3]string
		rest := strings.TrimRight(line, "\n")
		for i := range columns {
			columns[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
		}
		pid, err := strconv.Atoi(columns[0])
		rss, err2 := strconv.ParseUint(columns[1], 10, 53)
		used, ok := parseTime(columns[2])
		if err == nil && err2 == nil && ok {
			all[pid] = Listed{Resident: rss << 10, Time: used, Command: strings.TrimLeft(rest, " ")}
		}
	}
	return all
}

// parseTime reads minutes:seconds.hundredths, or hours:minutes:seconds.
func parseTime(text string) (time.Duration, bool) {
	whole, last, ok := cutLast(text, ":")
	if !ok {
		return 0, false
	}
	minutes := uint64(0)
	for part := range strings.SplitSeq(whole, ":") {
		n, err := strconv.ParseUint(part, 10, 24)
		if err != nil || minutes > 1<<24 {
			return 0, false
		}
		minutes = minutes*60 + n
	}
	seconds, err := strconv.ParseFloat(last, 64)
	if err != nil || !(seconds >= 0 && seconds < 61) {
		return 0, false
	}
	return time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second)), true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
