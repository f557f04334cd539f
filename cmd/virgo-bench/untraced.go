package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// untraced runs a program to its end. The sample has no memory figures. The returned state is nil if the
// program did not start.
func untraced(env, argv []string) (sample, *os.ProcessState, error) {
	var errOut bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stderr = env, &errOut
	start := time.Now()
	err := cmd.Run()
	s := sample{Wall: time.Since(start), Stderr: errOut.String()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return s, nil, fmt.Errorf("running %s: %w", argv[0], err)
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.Code = cmd.ProcessState.ExitCode()
	return s, cmd.ProcessState, nil
}
