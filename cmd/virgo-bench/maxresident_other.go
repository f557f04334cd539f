//go:build !linux && !darwin && !freebsd

package main

import "os"

// maxResident returns 0: this system does not report it.
func maxResident(*os.ProcessState) int64 { return 0 }
