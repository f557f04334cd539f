package torture

import (
	"os"
	"os/exec"
	"testing"
)

// agentCommand is the agent within the test binary on this host, to be killed at point ("": none), with the given
// clock ("": the real one).
func (h *host) agentCommand(t testing.TB, part, point, clock string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.command(t.Context(), part)
	cmd.Path, cmd.Args = exe, []string{exe}
	cmd.Env = append(cmd.Env, childVariable+"="+part, pointVariable+"="+point, clockVariable+"="+clock)
	return cmd
}
