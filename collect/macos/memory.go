package macos

import (
	"encoding/binary"
	"errors"
)

// Memory is main memory and swap space, in bytes.
type Memory struct {
	Total, Free uint64
	// Available is free memory and what was not used lately.
	Available           uint64
	SwapTotal, SwapFree uint64
	SwapIn, SwapOut     uint64 // since boot
}

const (
	// vmStatisticsBytes is the size of vm_statistics64 (HOST_VM_INFO64_COUNT times 4).
	vmStatisticsBytes = 152
	// swapUsageBytes is the size of xsw_usage.
	swapUsageBytes = 32
)

var (
	errVMStatistics = errors.New("host_statistics64: too few figures")
	errSwapUsage    = errors.New("vm.swapusage: unknown layout")
)

// addStatistics reads vm_statistics64, whose figures are in pages.
func (m *Memory) addStatistics(b []byte, page uint64) error {
	if len(b) < vmStatisticsBytes {
		return errVMStatistics
	}
	const free, inactive, swapIns, swapOuts = 0, 8, 112, 120
	narrow := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) * page }
	wide := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) * page }
	m.Free = narrow(free)
	m.Available = m.Free + narrow(inactive)
	m.SwapIn, m.SwapOut = wide(swapIns), wide(swapOuts)
	return nil
}

// addSwap reads xsw_usage.
func (m *Memory) addSwap(b []byte) error {
	if len(b) != swapUsageBytes {
		return errSwapUsage
	}
	m.SwapTotal, m.SwapFree = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	return nil
}
