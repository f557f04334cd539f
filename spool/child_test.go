package spool

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childVariable makes the test binary a child: it names what the child does, with arguments.
const childVariable = "VIRGO_SPOOL_CHILD"

func TestMain(m *testing.M) {
	if part := strings.Fields(os.Getenv(childVariable)); len(part) > 0 {
		os.Exit(child(part[0], part[1:]))
	}
	os.Exit(m.Run())
}

// child runs one function and returns the exit code. It reports on stdout, line by line, each with
// one write: a line that is in the pipe stays there when the child is killed.
func child(part string, args []string) int {
	var err error
	switch part {
	case "work":
		err = childWork(args)
	case "compact":
		err = childCompact(args)
	case "deliver":
		err = childDeliver(args)
	case "sleep":
		_, err = io.Copy(io.Discard, os.Stdin)
	case "replace":
		err = childReplace(args)
	case "damage":
		err = childDamage(args)
	case "aimed":
		err = childAimed(args)
	case "steps":
		err = childSteps(args)
	case "fill":
		err = childFill(args)
	default:
		err = fmt.Errorf("no function %q", part)
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// A process is a running child.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	stdin io.WriteCloser
}

func start(t *testing.T, part ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(part, " "))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	return &process{cmd, lines, stdin}
}

// next returns the child's next line; empty at its end.
func (p *process) next(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		return ""
	}
	if line := p.lines.Text(); !strings.HasPrefix(line, "error") {
		return line
	}
	t.Fatalf("child: %s", p.lines.Text())
	return ""
}

// die ends the process as kill -9 does.
func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}
