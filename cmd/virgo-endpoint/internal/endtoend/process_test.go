package endtoend

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// A process is an endpoint in a process of its own, to be killed.
type process struct {
	cmd  *exec.Cmd
	addr string // empty where it ended before it listened
}

// run starts a process that kills itself at a point, after so many times that it passes it; where point
// is empty somebody else has to. started is called as soon as it runs; run returns when it listens.
func (s *site) run(t *testing.T, point string, after int, started ...func(*os.Process)) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), self)}
	p.cmd.Env = append(os.Environ(), crashFolder+"="+string(s.dir), crashPoint+"="+point,
		crashAfter+"="+strconv.Itoa(after))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range started {
		f(p.cmd.Process)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	p.addr = strings.TrimSpace(line)
	return p
}

// wait waits for the end of a process that is killed.
func (p *process) wait(t *testing.T) {
	t.Helper()
	if err := p.cmd.Wait(); err == nil || p.cmd.ProcessState.ExitCode() == 1 {
		t.Fatalf("it was not killed: %v", err)
	}
}
