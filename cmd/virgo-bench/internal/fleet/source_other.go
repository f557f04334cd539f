//go:build !linux

package fleet

import "net"

// sourceOf returns nil: other systems have one address on loopback, unless more are configured. An endpoint
// then bounds what all hosts do together.
func sourceOf(int) net.Addr { return nil }

func hostileSourceOf(int, int) net.Addr { return nil }
