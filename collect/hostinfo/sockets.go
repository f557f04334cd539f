package hostinfo

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// States of a socket as the kernel's tcp_states.h numbers them; one of UDP that nobody is at the other end of
// is closed.
const (
	tcpClosed = 7
	tcpListen = 10
)

// A socket is a line of /proc/net/tcp or its like, and the process behind it.
type socket struct {
	protocol       string // tcp, tcp6, udp or udp6
	local, foreign netip.AddrPort
	state          uint64
	// recvQ and sendQ count bytes; of a TCP socket that listens recvQ counts connections that wait.
	recvQ, sendQ uint64
	user, inode  uint64
	// pid and process are zero where that is not to be seen.
	pid     int
	process string
}

// waits says whether it waits for others.
func (s socket) waits() bool {
	if strings.HasPrefix(s.protocol, "tcp") {
		return s.state == tcpListen
	}
	return s.state == tcpClosed && s.foreign.Port() == 0
}

// sockets are those of the host. A protocol that the kernel does not have has none.
func (h *Host) sockets(ctx context.Context, f *faults) []socket {
	var all []socket
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := h.read("/proc/net/" + protocol)
		f.add(err)
		all = append(all, parseSockets(b, protocol, binary.NativeEndian)...)
	}
	owners := h.socketOwners(ctx, f)
	for i, s := range all {
		if pid := owners[s.inode]; pid != 0 && s.inode != 0 {
			comm, _ := h.read(fmt.Sprintf("/proc/%d/comm", pid)) // it may have ended meanwhile
			all[i].pid, all[i].process = pid, strings.TrimSpace(string(comm))
		}
	}
	f.add(ctx.Err())
	return all
}

// parseSockets reads /proc/net/tcp and its like (proc_net_tcp of the kernel's documentation): number, local and
// foreign address, state, queues, timer, retransmits, user, timeout, number of the socket.
func parseSockets(b []byte, protocol string, order binary.ByteOrder) []socket {
	var all []socket
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		if len(w) < 10 {
			continue
		}
		s := socket{protocol: protocol}
		var okLocal, okForeign bool
		s.local, okLocal = socketAddress(w[1], order)
		s.foreign, okForeign = socketAddress(w[2], order)
		var err error
		if s.state, err = strconv.ParseUint(w[3], 16, 8); err != nil || !okLocal || !okForeign {
			continue // the heading
		}
		send, receive, _ := strings.Cut(w[4], ":")
		s.sendQ, _ = strconv.ParseUint(send, 16, 64) // the kernel writes numbers
		s.recvQ, _ = strconv.ParseUint(receive, 16, 64)
		s.user, _ = strconv.ParseUint(w[7], 10, 32)
		s.inode, _ = strconv.ParseUint(w[9], 10, 64)
		all = append(all, s)
	}
	return all
}

// socketAddress reads ADDRESS:PORT in hexadecimal: the address in words of four bytes, each a number in the
// byte order of the processor.
func socketAddress(s string, order binary.ByteOrder) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		order.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a, uint16(n)), true
}

// socketOwners gives for a socket's number the first process that holds it. Without the right to look at
// others' processes they are left out.
func (h *Host) socketOwners(ctx context.Context, f *faults) map[uint64]int {
	owners := map[uint64]int{}
	pids, err := h.names("/proc")
	f.add(err)
	for _, name := range pids {
		pid, err := strconv.Atoi(name)
		if err != nil || ctx.Err() != nil {
			continue
		}
		files, err := h.names("/proc/" + name + "/fd")
		if err != nil {
			continue // somebody else's, or it has ended
		}
		for _, fd := range files {
			number, ok := strings.CutPrefix(h.link("/proc/"+name+"/fd/"+fd), "socket:[")
			inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
			if before := owners[inode]; ok && err == nil && (before == 0 || pid < before) {
				owners[inode] = pid
			}
		}
	}
	return owners
}
