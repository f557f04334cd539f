//go:build !linux

package main

import "errors"

// usageOf returns an error: how much a process has used while it runs is read on Linux only.
func usageOf(int) (sample, error) {
	return sample{}, errors.New("what a running process uses is read on Linux only")
}
