package torture

import (
	"os"
	"os/exec"
	"testing"
)

// part is the agent within the test binary on this host, to be killed at a point ("": none), with that clock
// ("": the real one).
func (h *host) part(t testing.TB, part, point, clock string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.command(t.Context(), part)
	cmd.Path, cmd.Args = exe, []string{exe}
	cmd.Env = append(cmd.Env, partVariable+"="+part, pointVariable+"="+point, clockVariable+"="+clock)
	return cmd
}
