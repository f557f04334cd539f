package main

import "time"

// A sample is one process from its start to its end, as the kernel accounts for it. Memory in bytes;
// 0 where the system does not tell.
type sample struct {
	Wall, CPU      time.Duration
	Peak           int64 // high-water mark of resident memory
	Anonymous      int64 // resident and not of a file, at the end: Go gives none of it back in so short a life
	File           int64 // resident and of a file, at the end
	Code           int   // exit code
	Stdout, Stderr string
}
