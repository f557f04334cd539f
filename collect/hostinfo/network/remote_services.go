package network

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/source"
)

// A remoteService is a listening socket, as netstat(8) shows it.
type remoteService struct {
	Protocol    string `json:"protocol" doc:"tcp, tcp6, udp or udp6"`
	LocalAddr   string `json:"local_addr" doc:"address and port that it listens on"`
	ForeignAddr string `json:"foreign_addr" doc:"who may connect: any address"`
	State       string `json:"state" doc:"LISTEN; UNCONN of udp"`
	RecvQ       uint64 `json:"recvq" doc:"tcp: connections that wait to be accepted; udp: bytes that wait to be read"`
	SendQ       uint64 `json:"sendq" doc:"bytes that wait to be sent"`
	User        uint64 `json:"user" doc:"number of the user that opened it"`
	Inode       uint64 `json:"inode" doc:"inode of the socket"`
	PID         int    `json:"pid" doc:"a process that has it open; 0 if that is hidden"`
	Process     string `json:"process" doc:"name of that process; empty if that is hidden"`
}

func remoteServicesType() source.Type {
	return source.Type{
		Name:    "remote_services",
		Summary: "listening sockets, and the processes that own them",
		Systems: []string{"linux"},
		Shape:   []remoteService{},
		Read:    readRemoteServices,
	}
}

func readRemoteServices(ctx context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	all := []remoteService{}
	for _, s := range readSockets(ctx, h, &problems) {
		if !s.isListening() {
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
	return all, problems.Err()
}
