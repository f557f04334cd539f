package timer

// runProgram is the name of the program that makes runs only.
const runProgram = "virgo-run.exe"

// Native returns the Task Scheduler.
func Native(bool) Scheduler { return Tasks{} }

// NativeSystemd returns false: Windows has no systemd.
func NativeSystemd(bool, string) (Scheduler, bool) { return nil, false }
