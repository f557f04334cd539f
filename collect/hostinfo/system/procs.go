package system

import (
	"slices"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/schedule/shorttext"
)

// A processInfo is one process. What the system hides, or does not know, is empty or 0.
type processInfo struct {
	PID         int32  `json:"pid" doc:"its number"`
	Command     string `json:"command" doc:"its program and the names of its options; all of its command line if the owner chose host_info_arguments: full; at most 1024 bytes"`
	ExeName     string `json:"exe_name" doc:"path of its program"`
	ExeCwd      string `json:"exe_cwd" doc:"its working folder"`
	ExeRoot     string `json:"exe_root" doc:"its root folder (Linux)"`
	StateName   string `json:"state_name" doc:"its name"`
	State       string `json:"state" doc:"running, sleep, blocked, idle, stop, zombie and similar"`
	PPID        int32  `json:"state_ppid" doc:"number of the process that started it"`
	Priority    int    `json:"state_priority" doc:"its priority as the kernel has it (Linux, macOS)"`
	Nice        int    `json:"state_nice" doc:"its nice value, -20 to 19"`
	Threads     int32  `json:"state_threads" doc:"how many threads it has"`
	StartTime   int64  `json:"time_start_time" doc:"when it started, ms since the epoch"`
	User        uint64 `json:"time_user" doc:"processor time in user mode, ms"`
	Sys         uint64 `json:"time_sys" doc:"processor time in the kernel, ms"`
	Total       uint64 `json:"time_total" doc:"both together, ms"`
	Size        uint64 `json:"memory_size" doc:"its address space, bytes"`
	Resident    uint64 `json:"memory_resident" doc:"part of it that is in memory, bytes"`
	Share       uint64 `json:"memory_share" doc:"shared part of memory_resident, bytes (Linux)"`
	MajorFaults uint64 `json:"memory_major_faults" doc:"page faults that waited for a disk"`
	MinorFaults uint64 `json:"memory_minor_faults" doc:"page faults that did not"`
	PageFaults  uint64 `json:"memory_page_faults" doc:"both together"`
	CredUser    string `json:"cred_user" doc:"the user that it runs as; the number if it has no name"`
	CredGroup   string `json:"cred_group" doc:"the group that it runs as; the number if it has no name"`
}

// maxCommandBytes is how much of a command line is shown.
const maxCommandBytes = 1024

func procsType() source.Type {
	return source.Type{
		Name:    "procs",
		Summary: "running processes",
		Shape:   []processInfo{},
		Read:    readProcs,
	}
}

// processName shows a process's name. A long one comes from the command line, which may be a title that
// the process wrote, with more in it.
func processName(show redact.Arguments, name string) string {
	const kernelName = 16 // bytes, of every system's kernel at most
	if len(name) <= kernelName {
		return name
	}
	return show.Words([]string{name})
}

// commandLine shows arguments. Of a very long one the end is dropped.
func commandLine(show redact.Arguments, args []string) string {
	room := 16 * maxCommandBytes
	for i, a := range args {
		if len(a) >= room {
			args = append(slices.Clone(args[:i]), a[:room])
			break
		}
		room -= len(a) + 1
	}
	text := show.Words(args)
	if len(text) > maxCommandBytes {
		return shorttext.Truncate(text, maxCommandBytes) + "…"
	}
	return text
}
