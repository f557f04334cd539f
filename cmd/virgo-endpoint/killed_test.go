package main

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killStep is how much later than the run before one may be killed.
const killStep = 60 * time.Millisecond

// killed N PROGRAM ARGS… runs a program at least N times and kills it (SIGKILL) at random moments, later from run to run,
// until one ends by itself; at least one of them has to be killed before. No run fails.
func killed(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	kills, runs := 0, 0
	for latest := killStep; runs < n || kills == runs; runs++ {
		cmd := exec.Command(program, args[2:]...)
		cmd.Dir = ts.MkAbs(".")
		ts.Check(cmd.Start())
		timer := time.AfterFunc(rand.N(latest), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		var exit *exec.ExitError
		switch {
		case err == nil:
		case errors.As(err, &exit) && exit.ExitCode() < 0:
			kills++
		default:
			ts.Fatalf("%v", err)
		}
		if runs < n {
			latest += killStep
		} else { // a slow machine
			latest *= 2
		}
	}
	ts.Logf("killed %d times of %d", kills, runs)
	if kills == 0 {
		ts.Fatalf("it was never killed")
	}
}
