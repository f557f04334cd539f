//go:build !linux

package host

import "time"

func readMemoryLimit(tree) memoryLimit { return memoryLimit{} }

func readCPULimit(tree, func() time.Duration) cpuLimit { return cpuLimit{} }
