//go:build !linux

package agent

import "time"

// waitedForProcessor returns 0: other systems do not say how long a process had no processor.
func waitedForProcessor() time.Duration { return 0 }
