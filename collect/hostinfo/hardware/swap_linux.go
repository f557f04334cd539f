package hardware

import "github.com/shirou/gopsutil/v3/mem"

// sizeSwap takes the sizes of the swap space from v, which is read from /proc/meminfo, as agent.memory
// does. gopsutil asks sysinfo(2), which in a container knows those of the whole machine.
func sizeSwap(s *mem.SwapMemoryStat, v *mem.VirtualMemoryStat) {
	s.Total, s.Free = v.SwapTotal, v.SwapFree
	s.Used = v.SwapTotal - min(v.SwapFree, v.SwapTotal)
}
