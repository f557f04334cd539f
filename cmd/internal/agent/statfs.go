package agent

import "virgo/collect/host"

// statCommand is the argument with which a program starts itself to query a file system that may
// hang. It runs for each network mount, so it is not a command like others.
const statCommand = "internal-statfs"

// IsStatChild reports whether the program was started by itself to query a file system.
func IsStatChild(args []string) bool { return len(args) == 2 && args[0] == statCommand }

// StatChild queries the file system and returns the exit code.
func StatChild(args []string, std Stdio) int {
	if err := host.StatFS(args[1], std.Out); err != nil {
		PrintError(std.Err, err)
		return ExitUnexpected
	}
	return ExitOK
}

// statProgram returns the command of the child process that queries a file system; nil if the path
// of this program is not known.
func statProgram() []string {
	self, err := OwnPath()
	if err != nil {
		return nil
	}
	return []string{self, statCommand}
}
