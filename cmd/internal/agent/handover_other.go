//go:build unix && !linux

package agent

import (
	"os"
	"os/exec"
)

// startPath returns the path by which the program is started.
func startPath(program *os.File) string { return program.Name() }

// dieTogether does nothing: these systems cannot end a child with its parent.
func dieTogether(*exec.Cmd) (release func()) { return func() {} }
