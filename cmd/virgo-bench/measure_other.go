//go:build !linux

package main

import (
	"bytes"
	"errors"
	"os/exec"
	"time"
)

// measure runs a program to its end. What of its memory is a file's this system does not tell.
func measure(env []string, argv ...string) (sample, error) {
	var errOut bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stderr = env, &errOut
	start := time.Now()
	err := cmd.Run()
	s := sample{Wall: time.Since(start), Stderr: errOut.String()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return s, err
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.Peak = maxResident(cmd.ProcessState)
	s.Code = cmd.ProcessState.ExitCode()
	return s, nil
}

// cpuOf is not known here for a process that still runs.
func cpuOf(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

func cpuOfSelf() time.Duration { return 0 }
