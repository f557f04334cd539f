package timer

// Native is what this system has everywhere: the Task Scheduler.
func Native() Timetable { return Tasks{} }

// NativeSystemd is not there on this system.
func NativeSystemd(bool, string) (Timetable, bool) { return nil, false }
