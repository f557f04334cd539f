//go:build !linux

package hostinfo

// more adds nothing: gopsutil tells all that there is to tell.
func (i *processInfo) more(*Host) {}
