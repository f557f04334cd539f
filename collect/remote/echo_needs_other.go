//go:build !linux && !windows

package remote

// echoNeeds is the status where no echo can be sent.
const echoNeeds = "ping needs root on this system"
