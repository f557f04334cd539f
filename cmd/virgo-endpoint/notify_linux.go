package main

import (
	"net"
	"os"
)

// notifyReady tells systemd that the service is ready (sd_notify(3)), where it asked for it. What fails is found
// by systemd: it waits for this.
func notifyReady() {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", socket) // a name that begins with @ is an abstract one, as in Go
	if err != nil {
		return
	}
	defer conn.Close()
	conn.Write([]byte("READY=1"))
}
