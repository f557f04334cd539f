//go:build !linux

package hardware

import "github.com/shirou/gopsutil/v3/mem"

// sizeSwap changes nothing: only Linux has two sources that may differ.
func sizeSwap(*mem.SwapMemoryStat, *mem.VirtualMemoryStat) {}
