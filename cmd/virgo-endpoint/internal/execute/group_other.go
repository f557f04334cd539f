//go:build !unix

package execute

import "os/exec"

// passedOn are the variables that programs get from this process; Windows' own need more than those of other systems.
var passedOn = []string{"PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "TEMP", "TMP", "USERPROFILE", "COMSPEC"}

func ownGroup(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}
