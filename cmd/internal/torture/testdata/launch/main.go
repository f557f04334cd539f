// Command launch runs a program and reports what it used: launch REPORT PROGRAM ARGS…
//
// It exists because it is small. A program inherits the peak resident memory of the one that starts it
// (getrusage(2), which counts the memory that was there before execve), and the process of a test is large.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "launch:", err)
		os.Exit(99)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	report := fmt.Sprintf("%d %d %d %d\n", cmd.ProcessState.ExitCode(), took, cpu, usage.Maxrss<<10)
	if err := os.WriteFile(os.Args[1], []byte(report), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "launch:", err)
		os.Exit(99)
	}
}
