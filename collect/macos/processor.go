package macos

import "errors"

// A Processor is the time of a logical processor since boot by use, in ticks.
type Processor struct{ User, System, Idle, Nice uint64 }

// TicksPerSecond is what processors' times are counted in. The kernel counts in 32 bits, which
// overflow after 497 days.
const TicksPerSecond = 100

// loadStates are the counters of a processor, in this order (CPU_STATE_USER and so on).
const loadStates = 4

var errProcessors = errors.New("host_processor_info: the number of counters does not fit that of processors")

// parseProcessors reads what PROCESSOR_CPU_LOAD_INFO returns for that many processors.
func parseProcessors(counters []uint32, processors int) ([]Processor, error) {
	if processors < 1 || len(counters) < processors*loadStates {
		return nil, errProcessors
	}
	all := make([]Processor, processors)
	for i := range all {
		n := counters[i*loadStates:]
		all[i] = Processor{User: uint64(n[0]), System: uint64(n[1]), Idle: uint64(n[2]), Nice: uint64(n[3])}
	}
	return all, nil
}
