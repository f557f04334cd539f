package network

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// States of a socket as the kernel's tcp_states.h numbers them; a UDP socket without a peer is
// closed.
const (
	tcpClosed = 7
	tcpListen = 10
)

// A socket is a line of /proc/net/tcp, tcp6, udp or udp6, and the process behind it.
type socket struct {
	protocol       string // tcp, tcp6, udp or udp6
	local, foreign netip.AddrPort
	state          uint64
	// recvQ and sendQ count bytes; recvQ of a listening TCP socket counts connections that wait.
	recvQ, sendQ uint64
	user, inode  uint64
	// pid and process are zero if they are hidden.
	pid     int
	process string
}

// isListening reports whether others may connect or send to it.
func (s socket) isListening() bool {
	if strings.HasPrefix(s.protocol, "tcp") {
		return s.state == tcpListen
	}
	return s.state == tcpClosed && s.foreign.Port() == 0
}

// readSockets reads the sockets of the host. A protocol that the kernel lacks has none.
func readSockets(ctx context.Context, h *source.Host, problems *source.Problems) []socket {
	var all []socket
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := h.Read("/proc/net/" + protocol)
		problems.Add(err)
		all = append(all, parseSockets(b, protocol, binary.NativeEndian)...)
	}
	owners := readSocketOwners(ctx, h, problems)
	for i, s := range all {
		if pid := owners[s.inode]; pid != 0 && s.inode != 0 {
			all[i].pid, all[i].process = pid, h.ProcessName(pid)
		}
	}
	problems.Add(ctx.Err())
	return all
}

// parseSockets parses /proc/net/tcp (proc_net_tcp of the kernel's documentation): number, local and
// foreign address, state, queues, timer, retransmits, user, timeout, inode.
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

// socketAddress parses ADDRESS:PORT in hexadecimal: the address in words of four bytes, each a
// number in the processor's byte order.
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

// readSocketOwners returns the first process that has a socket open, by the socket's inode. Without
// root the processes of others are missing.
func readSocketOwners(ctx context.Context, h *source.Host, problems *source.Problems) map[uint64]int {
	owners := map[uint64]int{}
	pids, err := h.PIDs()
	problems.Add(err)
	for _, pid := range pids {
		if ctx.Err() != nil {
			break
		}
		folder := fmt.Sprintf("/proc/%d/fd", pid)
		files, err := h.Names(folder)
		if err != nil {
			continue // another user's, or it has ended
		}
		for _, fd := range files {
			number, ok := strings.CutPrefix(h.Link(folder+"/"+fd), "socket:[")
			inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
			if before := owners[inode]; ok && err == nil && (before == 0 || pid < before) {
				owners[inode] = pid
			}
		}
	}
	return owners
}
