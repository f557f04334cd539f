package network

import (
	"context"

	"virgo/collect/hostinfo/source"
)

// A connection is a socket with a peer; listening sockets are remote_services.
type connection struct {
	Protocol       string `json:"protocol" doc:"tcp, tcp6, udp or udp6"`
	LocalAddress   string `json:"local_address" doc:"address at this end"`
	LocalPort      uint16 `json:"local_port" doc:"port at this end"`
	ForeignAddress string `json:"foreign_address" doc:"address at the other end"`
	ForeignPort    uint16 `json:"foreign_port" doc:"port at the other end"`
	State          string `json:"state" doc:"state as netstat(8) names it: ESTABLISHED, TIME_WAIT, …"`
	UID            uint32 `json:"uid" doc:"number of the user that opened it"`
	PID            int    `json:"pid" doc:"a process that has it open; 0 if that is hidden"`
	Process        string `json:"process" doc:"name of that process; empty if that is hidden"`
}

func connectionsType() source.Type {
	return source.Type{
		Name:    "connections",
		Summary: "open connections, and the processes that own them",
		Systems: []string{"linux"},
		Shape:   []connection{},
		Read:    readConnections,
	}
}

func readConnections(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	all := []connection{}
	for _, s := range readSockets(ctx, h, &problems) {
		if s.foreign.Port() == 0 {
			continue
		}
		all = append(all, connection{
			Protocol: s.protocol, State: tcpState(s.state), UID: uint32(s.user), PID: s.pid, Process: s.process,
			LocalAddress: s.local.Addr().String(), LocalPort: s.local.Port(),
			ForeignAddress: s.foreign.Addr().String(), ForeignPort: s.foreign.Port(),
		})
	}
	return all, problems.Err()
}

// tcpState is netstat's name of a state of the kernel's tcp_states.h.
func tcpState(n uint64) string {
	names := [...]string{
		1: "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
		"LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
	}
	if n == 0 || n >= uint64(len(names)) {
		return "UNKNOWN"
	}
	return names[n]
}
