//go:build !linux && !darwin && !freebsd

package main

import "os"

// maxResident is not told here.
func maxResident(*os.ProcessState) int64 { return 0 }
