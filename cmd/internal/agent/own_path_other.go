//go:build !linux

package agent

import "os"

// OwnPath returns the path of this program's file. Where an upgrade has replaced the file
// meanwhile, it starts another build; the worker's greeting tells.
func OwnPath() (string, error) { return os.Executable() }
