package host

import (
	"bytes"
	"context"

	"virgo/collect/procfs"
)

// readProcessNames returns the name of each process that has a command line, as the detail name
// matches it: comm, or where that is truncated the file name of the program or script
// (proc_pid_comm(5)). An interpreter has the name of its script as well.
func readProcessNames(ctx context.Context, p processes) ([]string, error) {
	var names []string
	s := procScan{proc: p.tree.proc}
	if procfs.HidesProcesses(s.proc) {
		return nil, errHidden
	}
	err := procfs.EachProcess(s.proc, func(pid int, folder string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		command, ok := s.commandLine(folder + "/cmdline")
		if pid == p.self || !ok {
			return nil
		}
		var buf [64]byte
		comm, err := procfs.FirstLine(folder+"/comm", buf[:])
		if err != nil || len(comm) == 0 {
			return nil // it has ended, or is hidden
		}
		if isInterpreter(comm) {
			if script := scriptName(command); script != nil {
				names = append(names, string(script))
			}
		}
		if len(comm) == commBytes {
			if full := fullName(command, func(base []byte) bool { return bytes.HasPrefix(base, comm) }); full != nil {
				comm = full
			}
		}
		names = append(names, string(comm))
		return nil
	})
	return names, err
}
