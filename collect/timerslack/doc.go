// Package timerslack keeps a run's timer slack from the programs that the run starts.
//
// The timer slack of a thread is how much later than asked the kernel may wake it, so that timers
// expire together (prctl(2), PR_SET_TIMERSLACK). The systemd unit of `virgo install` gives a run
// 2 ms, which saves CPU time: the Go runtime sleeps for microseconds at a time while a run waits. A
// child inherits the slack of the thread that starts it and keeps it when it executes a program. A
// plugin, a worker or another program of the owner must not, so every start of a child goes through
// [ForChild].
package timerslack
