package schedule

import "slices"

// Builtin returns the schedule of a host that has no other: checks of the host itself, once a
// minute, without those that this system does not have: they could only fail.
func Builtin() Schedule {
	var s Schedule
	add := func(id, typ string, details Details) {
		s.Checks = append(s.Checks, Check{
			ID: id, Type: typ, Details: details, Period: DefaultPeriod, Timeout: DefaultTimeout,
		})
	}
	for _, name := range []string{"cpu", "memory", "load_average", "filesystem", "disk", "network"} {
		var details Details
		switch name {
		case "filesystem", "disk", "network":
			details = Details{"target": "*"}
		}
		if typ := "agent." + name; !slices.Contains(missingTypes(), typ) {
			add(name, typ, details)
		}
	}
	return s
}
