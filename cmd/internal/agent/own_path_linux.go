package agent

import "os"

// procSelfExe is the file of this process, see proc(5).
const procSelfExe = "/proc/self/exe"

// OwnPath returns a path that starts the build that this process runs: that of its file, or where
// an upgrade has replaced or moved that file meanwhile, the kernel's link to it. The link is not used
// always, because ps and top show a process that was started by it as "exe".
func OwnPath() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	running, err := os.Stat(procSelfExe)
	if err != nil {
		return path, nil
	}
	if there, err := os.Stat(path); err == nil && os.SameFile(there, running) {
		return path, nil
	}
	return procSelfExe, nil
}
