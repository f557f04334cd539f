package worker

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// sessionPasses is how often processes are looked for: one that is killed may just have started another.
const sessionPasses = 3

// killSession ends all processes of a session: the programs that a worker runs have process groups of their own, and
// nobody ends them when the worker dies. A program that leaves the session is not found.
func killSession(session int) {
	for range sessionPasses {
		proc, err := os.Open("/proc")
		if err != nil {
			return
		}
		names, _ := proc.Readdirnames(-1) // those that were read
		proc.Close()
		found := false
		for _, name := range names {
			pid, err := strconv.Atoi(name)
			if err != nil || pid == session {
				continue
			}
			if of, err := unix.Getsid(pid); err == nil && of == session {
				found = unix.Kill(pid, unix.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}
