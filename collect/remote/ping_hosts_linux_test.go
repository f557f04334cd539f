package remote

import (
	"encoding/binary"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// The simulated hosts of the network 10.9.9.0/24, by the last byte of their address; all others are
// silent.
const (
	hostReplies     = 2 // to every request
	hostDropsHalf   = 3 // replies to every second request
	hostRepeats     = 4 // replies three times to each request
	hostWrong       = 5 // wrong token, wrong address, truncated token
	hostUnreachable = 6 // sends "destination unreachable"
)

// startTunnel simulates the hosts on a tunnel, until the test ends.
func startTunnel(t *testing.T) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		collecttest.Lacks(t, "simulated hosts need /dev/net/tun: "+err.Error())
	}
	request, err := unix.NewIfreq("hosts")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		collecttest.Lacks(t, "simulated hosts need a tunnel: "+err.Error())
	}
	file := os.NewFile(uintptr(fd), "tunnel") // after TUNSETIFF, before which it cannot be polled
	ip(t, "addr add 10.9.9.1/24 dev hosts")
	ip(t, "link set hosts up")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		packet := make([]byte, 2048)
		for {
			n, err := file.Read(packet)
			if err != nil {
				return
			}
			for _, reply := range hostReply(packet[:n]) {
				file.Write(reply)
			}
		}
	}()
	t.Cleanup(func() { file.Close(); <-ended })
}

// hostReply returns the packets with which a simulated host replies to a packet.
func hostReply(packet []byte) [][]byte {
	header, err := ipv4.ParseHeader(packet)
	if err != nil || header.Version != 4 || header.Protocol != protocolICMP {
		return nil
	}
	m, err := icmp.ParseMessage(protocolICMP, packet[header.Len:])
	if err != nil || m.Type != ipv4.ICMPTypeEcho {
		return nil
	}
	echo := m.Body.(*icmp.Echo)
	reply := func(from byte, kind icmp.Type, body icmp.MessageBody) []byte {
		data, _ := (&icmp.Message{Type: kind, Body: body}).Marshal(nil)
		h := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocolICMP, 0, 0, 10, 9, 9, from, 10, 9, 9, 1}
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(data)))
		var sum uint32
		for i := 0; i < len(h); i += 2 {
			sum += uint32(h[i])<<8 | uint32(h[i+1])
		}
		binary.BigEndian.PutUint16(h[10:], ^uint16(sum+sum>>16))
		return append(h, data...)
	}
	echoReply := func(from byte, data []byte) []byte {
		return reply(from, ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: echo.ID, Seq: echo.Seq, Data: data})
	}
	switch host := header.Dst.To4()[3]; host {
	case hostReplies:
		return [][]byte{echoReply(host, echo.Data)}
	case hostDropsHalf:
		if echo.Seq%2 == 0 {
			return [][]byte{echoReply(host, echo.Data)}
		}
	case hostRepeats:
		return [][]byte{echoReply(host, echo.Data), echoReply(host, echo.Data), echoReply(host, echo.Data)}
	case hostWrong:
		return [][]byte{echoReply(host, make([]byte, probeBytes)), echoReply(hostReplies, echo.Data), echoReply(host, echo.Data[:8]), echoReply(host, nil)}
	case hostUnreachable:
		return [][]byte{reply(host, ipv4.ICMPTypeDestinationUnreachable, &icmp.DstUnreach{Data: packet[:min(len(packet), 28)]})}
	}
	return nil
}

func TestPingHosts(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	startTunnel(t)
	want := map[string]string{"10.9.9.2": "100", "10.9.9.3": "50", "10.9.9.4": "100", "10.9.9.5": "0", "10.9.9.6": "0", "10.9.9.9": "0"}
	for kind, allowed := range map[string]string{"raw": "1 0", "unprivileged": "0 2147483647"} {
		setPingGroups(t, allowed)
		var all sync.WaitGroup
		for target, percent := range want {
			all.Go(func() {
				r := runType(t, "remote.ping", schedule.Details{"target": target, "count": 4})
				wantMetrics(t, r, map[string]string{"available": percent, "count": "4"})
				status := "success"
				if percent == "0" {
					status = "no reply to 4 echo requests from " + target
					wantMetrics(t, r, map[string]string{"average": "absent", "minimum": "absent", "maximum": "absent"})
				}
				if r.State != collect.Available || r.Status != status {
					t.Errorf("%s %s: %s %q", kind, target, r.State, r.Status)
				}
			})
		}
		all.Wait()
	}
}

// TestPingWithShortLimit: the requests fit into a short time limit, so that the check does not time
// out.
func TestPingWithShortLimit(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	startTunnel(t)
	checkNoGoroutines(t, func() {
		r := run(t, typeNamed(t, Options{}, "remote.ping"), schedule.Details{"target": "10.9.9.9", "count": 100}, time.Second)
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"available": "0", "count": "100"})
	})
}

// TestPingWithoutRoute: where no request can be sent, the status says why, and nothing retries.
func TestPingWithoutRoute(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	startTunnel(t)
	ip(t, "route add prohibit 10.9.8.1/32")
	ip(t, "route add unreachable 10.9.7.1/32")
	for _, allowed := range []string{"1 0", "0 2147483647"} {
		setPingGroups(t, allowed)
		for target, why := range map[string]string{"10.9.8.1": "permission denied", "10.9.7.1": "no route to host", "10.9.6.1": "network is unreachable"} {
			checkNoGoroutines(t, func() {
				wantUnavailable(t, runType(t, "remote.ping", schedule.Details{"target": target, "count": 1}), "pinging "+target+": "+why)
			})
		}
	}
}
