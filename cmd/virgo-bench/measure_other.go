//go:build !linux

package main

import (
	"bytes"
	"errors"
	"os/exec"
	"time"
)

// measure runs a program to its end; this system does not tell its memory.
func measure(env []string, argv ...string) (sample, error) {
	var out, errOut bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errOut
	start := time.Now()
	err := cmd.Run()
	s := sample{Wall: time.Since(start), Stdout: out.String(), Stderr: errOut.String()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return s, err
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.Code = cmd.ProcessState.ExitCode()
	return s, nil
}
