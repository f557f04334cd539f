package hostinfo

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// A remoteService is a socket that waits for others, as netstat(8) tells of it.
type remoteService struct {
	Protocol    string `json:"protocol" doc:"tcp, tcp6, udp or udp6"`
	LocalAddr   string `json:"local_addr" doc:"address and port that it waits at"`
	ForeignAddr string `json:"foreign_addr" doc:"whom it hears: anybody"`
	State       string `json:"state" doc:"LISTEN; UNCONN of udp"`
	RecvQ       uint64 `json:"recvq" doc:"of tcp: connections that wait to be taken; of udp: bytes that wait to be read"`
	SendQ       uint64 `json:"sendq" doc:"bytes that wait to be sent"`
	User        uint64 `json:"user" doc:"number of the user that opened it"`
	Inode       uint64 `json:"inode" doc:"number of the socket"`
	PID         int    `json:"pid" doc:"a process that holds it; 0 where that is not to be seen"`
	Process     string `json:"process" doc:"name of that process; empty where it is not to be seen"`
}

func remoteServicesType() Type {
	return Type{
		Name:    "remote_services",
		Summary: "sockets that wait for others, and the processes behind them",
		Systems: []string{"linux"},
		Shape:   []remoteService{},
		Read:    readRemoteServices,
	}
}

func readRemoteServices(ctx context.Context, h *Host) (any, error) {
	var all []remoteService
	var f faults
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := h.read("/proc/net/" + protocol)
		f.add(err)
		all = append(all, parseWaitingSockets(b, protocol, binary.NativeEndian)...)
	}
	owners := h.socketOwners(ctx, &f)
	for i, s := range all {
		if pid := owners[s.Inode]; pid != 0 && s.Inode != 0 {
			comm, _ := h.read(fmt.Sprintf("/proc/%d/comm", pid)) // it may have ended meanwhile
			all[i].PID, all[i].Process = pid, strings.TrimSpace(string(comm))
		}
	}
	f.add(ctx.Err())
	return told(all), f.err()
}

// parseWaitingSockets reads /proc/net/tcp and its like (proc_net_tcp of the kernel's documentation) and keeps
// the sockets that wait: of tcp those that listen, of udp those that hear everybody.
func parseWaitingSockets(b []byte, protocol string, order binary.ByteOrder) []remoteService {
	const listen, unconnected = 0x0a, 0x07
	var all []remoteService
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		if len(w) < 10 {
			continue
		}
		state, err := strconv.ParseUint(w[3], 16, 8)
		local, ok := socketAddress(w[1], order)
		if err != nil || !ok {
			continue
		}
		s := remoteService{Protocol: protocol, LocalAddr: local, ForeignAddr: "0.0.0.0:*"}
		if strings.HasSuffix(protocol, "6") {
			s.ForeignAddr = "[::]:*"
		}
		switch foreign, _ := socketAddress(w[2], order); {
		case state == listen && strings.HasPrefix(protocol, "tcp"):
			s.State = "LISTEN"
		case state == unconnected && strings.HasPrefix(protocol, "udp") && strings.HasSuffix(foreign, ":0"):
			s.State = "UNCONN"
		default:
			continue
		}
		send, receive, _ := strings.Cut(w[4], ":")
		s.SendQ, _ = strconv.ParseUint(send, 16, 64)
		s.RecvQ, _ = strconv.ParseUint(receive, 16, 64)
		s.User, _ = strconv.ParseUint(w[7], 10, 64)
		s.Inode, _ = strconv.ParseUint(w[9], 10, 64)
		all = append(all, s)
	}
	return all
}

// socketAddress reads ADDRESS:PORT in hexadecimal: the address in words of four bytes, each a number in the
// byte order of the processor.
func socketAddress(s string, order binary.ByteOrder) (string, bool) {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b) != 4 && len(b) != 16 {
		return "", false
	}
	for i := 0; i < len(b); i += 4 {
		order.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a, uint16(n)).String(), true
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
			target, _ := os.Readlink(h.path("/proc/" + name + "/fd/" + fd))
			number, ok := strings.CutPrefix(target, "socket:[")
			inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
			if before := owners[inode]; ok && err == nil && (before == 0 || pid < before) {
				owners[inode] = pid
			}
		}
	}
	return owners
}
