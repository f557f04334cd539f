//go:build !linux && !windows

package remote

// pingNotPermitted is the status where no ICMP socket can be opened.
const pingNotPermitted = "ping needs root on this system"
