//go:build !linux

package host

import "time"

func readMemoryLimit(tree) (memoryLimit, bool) { return memoryLimit{}, false }

func readCPULimit(tree, func() time.Duration) cpuLimit { return cpuLimit{} }
