package hostinfo

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

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
	inode          uint64
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
	all := []connection{}
	var wrong faults
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := h.read("/proc/net/" + protocol)
		wrong.add(err)
		all = append(all, parseConnections(b, protocol, binary.NativeEndian)...)
	}
	owners := h.socketOwners(ctx, &wrong)
	for i, c := range all {
		if pid := owners[c.inode]; pid != 0 && c.inode != 0 {
			comm, _ := h.read(fmt.Sprintf("/proc/%d/comm", pid)) // it may have ended meanwhile
			all[i].PID, all[i].Process = pid, strings.TrimSpace(string(comm))
		}
	}
	wrong.add(ctx.Err())
	return all, wrong.err()
}

// parseConnections parses /proc/net/tcp and its like (the kernel's proc_net_tcp): number, local and foreign
// address, state, queues, timer, retransmits, user, timeout, number of the socket.
func parseConnections(b []byte, protocol string, order binary.ByteOrder) []connection {
	var all []connection
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		state, err := strconv.ParseUint(f[3], 16, 8)
		local, okLocal := socketEnd(f[1], order)
		foreign, okForeign := socketEnd(f[2], order)
		if err != nil || !okLocal || !okForeign || foreign.Port() == 0 {
			continue
		}
		c := connection{
			Protocol: protocol, State: tcpState(state),
			LocalAddress: local.Addr().String(), LocalPort: local.Port(), ForeignAddress: foreign.Addr().String(), ForeignPort: foreign.Port(),
		}
		uid, _ := strconv.ParseUint(f[7], 10, 32) // the kernel writes numbers
		c.UID = uint32(uid)
		c.inode, _ = strconv.ParseUint(f[9], 10, 64)
		all = append(all, c)
	}
	return all
}

func socketEnd(s string, order binary.ByteOrder) (netip.AddrPort, bool) {
	text, ok := socketAddress(s, order)
	end, err := netip.ParseAddrPort(text)
	return end, ok && err == nil
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
