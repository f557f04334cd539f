// Package torture contains only tests. They check what is promised for faults: they kill the real
// programs, break connections, damage files and disks, and then count which results were stored.
//
// # What is promised
//
//	each result that a run reported as stored reaches the endpoint's store, once
//	  at whatever byte the connection is closed or stalls, in either direction
//	  at whatever moment the agent or the endpoint is killed
//	  whatever the endpoint sends or fails to send
//	a run ends before its deadline, and an endpoint cannot make it use more than 16 MiB more memory
//	nothing is written outside the agent's own folders
//
// # How it is tested
//
// A test creates a host (a folder with configuration, state and checks), stores results on it, causes
// one kind of fault, and then runs one session without faults. After that the endpoint must have
// stored each result once and the spool must be empty. If there are too many cases to try all, the
// test tries a random sample and logs its seed.
//
// # How long it takes
//
// With VIRGO_TEST=all each test tries a sample for some seconds. VIRGO_TORTURE (a Go duration, for
// example 15m) is the time that all tests of this package share; a test that has tried every case ends
// early. VIRGO_TORTURE_SEED repeats a run's random choices. Each test logs "torture: NAME: N cases",
// and appends the line "NAME N" to the file that VIRGO_TORTURE_REPORT names; the numbers in the README
// are from that file.
package torture
