package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The environment variables that tell the fake virgo what to do.
const (
	fakeRecord = "FAKE_RECORD" // the file in which it records how it was started
	fakeEnd    = "FAKE_END"    // how it ends: "exit N", "hang", "on a signal", "killed"
)

// The exit codes of a fake virgo that ends on a signal.
const (
	onSIGTERM = 42
	onSIGHUP  = 43
)

// A start is how a virgo was started.
type start struct {
	Pid              int
	Args, Env        []string
	Folder, In, Name string // the current folder, the input, and the name in the list of processes
}

// fakeVirgo records how it is started, and ends as it is told.
func fakeVirgo() int {
	first := make(chan os.Signal, 1)
	signal.Notify(first, syscall.SIGTERM, syscall.SIGHUP)
	s := start{Pid: os.Getpid(), Args: os.Args, Env: os.Environ()}
	s.Folder, _ = os.Getwd()
	if in, err := io.ReadAll(os.Stdin); err == nil {
		s.In = string(in)
	}
	if name, err := os.ReadFile("/proc/self/comm"); err == nil {
		s.Name = strings.TrimSpace(string(name))
	}
	path := os.Getenv(fakeRecord)
	data, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake virgo:", err)
		return 99
	}
	fmt.Println("output of the fake virgo")
	fmt.Fprintln(os.Stderr, "errors of the fake virgo")
	code := 0
	switch end := os.Getenv(fakeEnd); end {
	case "hang":
		select {}
	case "on a signal":
		if s := <-first; s == syscall.SIGTERM {
			return onSIGTERM
		}
		return onSIGHUP
	case "killed":
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		select {}
	default:
		if _, err := fmt.Sscanf(end, "exit %d", &code); err != nil {
			return 98
		}
	}
	return code
}
