package schedule

// Builtin is the schedule of a host that has no other: what every host has, once a minute.
func Builtin() Schedule {
	var s Schedule
	add := func(id, typ string, details Details) {
		s.Checks = append(s.Checks, Check{ID: id, Type: typ, Details: details, Period: DefaultPeriod, Timeout: DefaultTimeout})
	}
	add("cpu", "agent.cpu", nil)
	add("memory", "agent.memory", nil)
	if hasLoadAverage {
		add("load_average", "agent.load_average", nil)
	}
	for _, name := range []string{"filesystem", "disk", "network"} {
		add(name, "agent."+name, Details{"target": "*"})
	}
	return s
}
