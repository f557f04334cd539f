package main

import (
	"math/rand/v2"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killed N PROGRAM ARGS… runs a program N times and kills it (SIGKILL) at random moments, later from run to
// run; at least one of them has to be killed before it ends.
func killed(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	kills := 0
	for i := range n {
		cmd := exec.Command(program, args[2:]...)
		cmd.Dir = ts.MkAbs(".")
		ts.Check(cmd.Start())
		moment := time.Duration(rand.Int64N(int64(i+1) * int64(60*time.Millisecond)))
		timer := time.AfterFunc(moment, func() { cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			kills++
		}
		timer.Stop()
	}
	ts.Logf("killed %d times of %d", kills, n)
	if kills == 0 {
		ts.Fatalf("it was never killed")
	}
}
