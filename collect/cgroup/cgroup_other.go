//go:build !linux

package cgroup

// ReadMemory returns no limit: only Linux has control groups.
func ReadMemory(proc, sys string) Memory { return Memory{} }

// ReadCPU returns no limit.
func ReadCPU(proc, sys string) CPU { return CPU{} }
