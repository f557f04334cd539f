package hostinfo

import (
	"context"
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
	var f faults
	all := []remoteService{}
	for _, s := range h.sockets(ctx, &f) {
		if !s.waits() {
			continue
		}
		r := remoteService{
			Protocol: s.protocol, LocalAddr: s.local.String(), ForeignAddr: "0.0.0.0:*", State: "UNCONN",
			RecvQ: s.recvQ, SendQ: s.sendQ, User: s.user, Inode: s.inode, PID: s.pid, Process: s.process,
		}
		if strings.HasSuffix(s.protocol, "6") {
			r.ForeignAddr = "[::]:*"
		}
		if s.state == tcpListen {
			r.State = "LISTEN"
		}
		all = append(all, r)
	}
	return all, f.err()
}
