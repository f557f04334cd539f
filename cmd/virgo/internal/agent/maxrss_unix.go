//go:build unix && !darwin

package agent

// maxrssUnit: bytes in a unit of ru_maxrss, see getrusage(2).
const maxrssUnit = 1024
