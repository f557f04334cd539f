//go:build !benchclock

package main

import "time"

// wallClock returns the time that the program goes by.
func wallClock() func() time.Time { return time.Now }
