package collecttest

import "runtime/debug"

// Race reports whether this test was built with the race detector, which needs memory and addresses of its own: a process
// whose memory is limited is then to be built without it.
func Race() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}
