// Package hardware reads processors, memory, disks, and the hardware tree that lshw prints.
//
// Figures come from gopsutil; what a system does not count is 0. lshw is missing on most hosts,
// which is an error that names it. Texts that firmware and drivers supply are redacted like any
// other text.
package hardware

import "virgo/collect/hostinfo/source"

// Types returns the questions about the hardware.
func Types() []source.Type {
	return []source.Type{
		cpuType(),
		diskType(),
		lshwType(),
		memoryType(),
	}
}
