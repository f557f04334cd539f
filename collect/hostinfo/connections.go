package hostinfo

import "context"

// A connection has somebody at its other end; sockets that wait for somebody are remote_services.
type connection struct {
	Protocol       string `json:"protocol" doc:"tcp, tcp6, udp or udp6"`
	LocalAddress   string `json:"local_address" doc:"address at this end"`
	LocalPort      uint16 `json:"local_port" doc:"port at this end"`
	ForeignAddress string `json:"foreign_address" doc:"address at the other end"`
	ForeignPort    uint16 `json:"foreign_port" doc:"port at the other end"`
	State          string `json:"state" doc:"state as netstat(8) names it: ESTABLISHED, TIME_WAIT, …"`
	UID            uint32 `json:"uid" doc:"number of the user that opened it"`
	PID            int    `json:"pid" doc:"a process that holds it; 0 where that is not to be seen"`
	Process        string `json:"process" doc:"name of that process; empty where it is not to be seen"`
}

func connectionsType() Type {
	return Type{
		Name:    "connections",
		Summary: "open connections, and the processes that hold them",
		Systems: []string{"linux"},
		Shape:   []connection{},
		Read:    readConnections,
	}
}

func readConnections(ctx context.Context, h *Host) (any, error) {
	var wrong faults
	all := []connection{}
	for _, s := range h.sockets(ctx, &wrong) {
		if s.foreign.Port() == 0 {
			continue
		}
		all = append(all, connection{
			Protocol: s.protocol, State: tcpState(s.state), UID: uint32(s.user), PID: s.pid, Process: s.process,
			LocalAddress: s.local.Addr().String(), LocalPort: s.local.Port(),
			ForeignAddress: s.foreign.Addr().String(), ForeignPort: s.foreign.Port(),
		})
	}
	return all, wrong.err()
}

// tcpState names a state by its number in the kernel's tcp_states.h.
func tcpState(n uint64) string {
	names := [...]string{
		1: "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
	}
	if n == 0 || n >= uint64(len(names)) {
		return "UNKNOWN"
	}
	return names[n]
}
