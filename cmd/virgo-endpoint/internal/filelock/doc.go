// Package filelock locks files between processes: what one has locked, the system unlocks when the process ends,
// however it ends.
package filelock
