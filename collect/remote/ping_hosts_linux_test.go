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

// The hosts of the network 10.9.9.0/24 that live on a tunnel of this process; any other one there is dead.
const (
	hostAnswers  = 2 // every echo
	hostForgets  = 3 // every second one
	hostRepeats  = 4 // each echo three times
	hostMistakes = 5 // with another token, from another address, and cut short
	hostRefuses  = 6 // says that it cannot be reached
)

// tunnel makes the hosts, until the test ends.
func tunnel(t *testing.T) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		collecttest.Lacks(t, "hosts that do not answer need /dev/net/tun: "+err.Error())
	}
	request, err := unix.NewIfreq("hosts")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		collecttest.Lacks(t, "hosts that do not answer need a tunnel: "+err.Error())
	}
	file := os.NewFile(uintptr(fd), "tunnel") // after TUNSETIFF: before it nothing can be polled
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
			for _, reply := range answer(packet[:n]) {
				file.Write(reply)
			}
		}
	}()
	t.Cleanup(func() { file.Close(); <-ended })
}

// answer gives what the host that an IPv4 packet is for sends back.
func answer(packet []byte) [][]byte {
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
	back := func(from byte, data []byte) []byte {
		return reply(from, ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: echo.ID, Seq: echo.Seq, Data: data})
	}
	switch host := header.Dst.To4()[3]; host {
	case hostAnswers:
		return [][]byte{back(host, echo.Data)}
	case hostForgets:
		if echo.Seq%2 == 0 {
			return [][]byte{back(host, echo.Data)}
		}
	case hostRepeats:
		return [][]byte{back(host, echo.Data), back(host, echo.Data), back(host, echo.Data)}
	case hostMistakes:
		return [][]byte{back(host, make([]byte, echoBytes)), back(hostAnswers, echo.Data), back(host, echo.Data[:8]), back(host, nil)}
	case hostRefuses:
		return [][]byte{reply(host, ipv4.ICMPTypeDestinationUnreachable, &icmp.DstUnreach{Data: packet[:min(len(packet), 28)]})}
	}
	return nil
}

func TestPingHosts(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	tunnel(t)
	want := map[string]string{"10.9.9.2": "100", "10.9.9.3": "50", "10.9.9.4": "100", "10.9.9.5": "0", "10.9.9.6": "0", "10.9.9.9": "0"}
	for kind, allowed := range map[string]string{"raw": "1 0", "unprivileged": "0 2147483647"} {
		groups(t, allowed)
		var all sync.WaitGroup
		for target, percent := range want {
			all.Go(func() {
				start := time.Now()
				r := looks(t, "remote.ping", schedule.Details{"target": target, "count": 4})
				has(t, r, map[string]string{"available": percent, "count": "4"})
				status := "success"
				if percent == "0" {
					status = "none of 4 echoes was answered by " + target
					has(t, r, map[string]string{"average": "absent", "minimum": "absent", "maximum": "absent"})
				}
				if r.State != collect.Available || r.Status != status {
					t.Errorf("%s %s: %s %q", kind, target, r.State, r.Status)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("%s %s: waited %v", kind, target, took)
				}
			})
		}
		all.Wait()
	}
}

// A short limit is shared out, so that there is a result and no time-out.
func TestPingWithinAShortLimit(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	tunnel(t)
	leavesNothing(t, func() {
		within(t, time.Second, func() {
			r := run(t, typed(t, Options{}, "remote.ping"), schedule.Details{"target": "10.9.9.9", "count": 100}, time.Second)
			available(t, r)
			has(t, r, map[string]string{"available": "0", "count": "100"})
		})
	})
}

// Where it cannot even be tried, that is said, at once, and nothing goes on trying.
func TestPingWhereThereIsNoWay(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	tunnel(t)
	ip(t, "route add prohibit 10.9.8.1/32")
	ip(t, "route add unreachable 10.9.7.1/32")
	for _, allowed := range []string{"1 0", "0 2147483647"} {
		groups(t, allowed)
		for target, why := range map[string]string{"10.9.8.1": "permission denied", "10.9.7.1": "no route to host", "10.9.6.1": "network is unreachable"} {
			leavesNothing(t, func() {
				fails(t, looks(t, "remote.ping", schedule.Details{"target": target, "count": 1}), "pinging "+target+": "+why)
			})
		}
	}
}
