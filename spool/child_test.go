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

// The test binary is its own child: childVariable names the part that it plays.
const childVariable = "VIRGO_SPOOL_CHILD"

func TestMain(m *testing.M) {
	if part := strings.Fields(os.Getenv(childVariable)); len(part) > 0 {
		os.Exit(child(part[0], part[1:]))
	}
	os.Exit(m.Run())
}

// child plays a part and returns the exit code. It says on stdout what it does, line by line, each
// line written at once: what the pipe has taken is there, whatever becomes of the child.
func child(part string, args []string) int {
	var err error
	switch part {
	case "work":
		err = childWork(args)
	case "deliver":
		err = childDeliver(args)
	case "sleep":
		_, err = io.Copy(io.Discard, os.Stdin)
	case "replace":
		err = childReplace(args)
	case "damage":
		err = childDamage(args)
	case "fill":
		err = childFill(args)
	default:
		err = fmt.Errorf("no part %q", part)
	}
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// A process is a child that runs.
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

// next is the child's next line; empty when it said its last.
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

// die ends the process as kill -9 does, at once and for good.
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
