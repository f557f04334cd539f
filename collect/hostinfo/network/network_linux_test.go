package network

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestNetworkAgreesWithTheKernel(t *testing.T) {
	all := sourcetest.Read[[]interfaceInfo](t, &source.Host{}, networkType())
	i := slices.IndexFunc(all, func(i interfaceInfo) bool { return i.Name == "lo" })
	if i < 0 {
		t.Fatal("lo is missing")
	}
	lo := all[i]
	if lo.Type != "Local Loopback" || lo.Address != "127.0.0.1" || lo.Netmask != "255.0.0.0" ||
		lo.Broadcast != "0.0.0.0" || lo.Flags&73 != 73 || lo.RxBytes == 0 {
		t.Errorf("%+v", lo)
	}
}

func TestInterfaceAddresses(t *testing.T) {
	_, four, _ := net.ParseCIDR("192.0.2.0/25")
	four.IP = net.ParseIP("192.0.2.2")
	_, six, _ := net.ParseCIDR("fe80::/64")
	i := interfaceInfo{Addresses: []string{}}
	i.setAddresses([]net.Addr{six, four, &net.UnixAddr{}}, net.FlagBroadcast)
	if i.Address != "192.0.2.2" || i.Netmask != "255.255.255.128" || i.Broadcast != "192.0.2.127" ||
		i.Address6 != "fe80::" || len(i.Addresses) != 2 {
		t.Errorf("%+v", i)
	}
	if f := sigarFlags(net.FlagUp | net.FlagBroadcast | net.FlagRunning | net.FlagMulticast); f != 2115 { // as the original agent's eth0
		t.Error(f)
	}
}

func TestParseNetDev(t *testing.T) {
	b, err := os.ReadFile("../testdata/machine/debian/proc/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	all := parseNetDev(append(b, "  eth9:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nshort: 1 2\n"...))
	want := traffic{RxBytes: 1, RxPackets: 2, RxErrors: 3, RxDropped: 4, RxOverruns: 5,
		TxBytes: 9, TxPackets: 10, TxErrors: 11, TxDropped: 12, TxOverruns: 13, TxCollisions: 14, TxCarrier: 15}
	if all["eth9"] != want || all["lo"].RxBytes == 0 || all["lo"].RxBytes != all["lo"].TxBytes || len(all) != 5 {
		t.Errorf("%+v", all)
	}
}

func FuzzNetDev(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/proc/net/dev")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseNetDev(b)) })
}

func TestConnectionsOfThisProcess(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := fmt.Sprint(c.LocalAddr(), " ", c.RemoteAddr())
	for _, got := range sourcetest.Read[[]connection](t, &source.Host{}, connectionsType()) {
		// The local port alone may also be that of an older connection in TIME_WAIT.
		if fmt.Sprintf("%s:%d %s:%d", got.LocalAddress, got.LocalPort, got.ForeignAddress, got.ForeignPort) == want {
			if got.State != "ESTABLISHED" || got.PID != os.Getpid() || got.Process == "" {
				t.Errorf("%+v", got)
			}
			return
		}
	}
	t.Error("the connection is missing")
}

func TestRemoteServicesOfThisProcess(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		collecttest.Lacks(t, "this host has no IPv6: "+err.Error())
	}
	defer u.Close()
	want := map[string]string{l.Addr().String(): "tcp LISTEN", u.LocalAddr().String(): "udp6 UNCONN"}
	for _, s := range sourcetest.Read[[]remoteService](t, &source.Host{}, remoteServicesType()) {
		if w, ok := want[s.LocalAddr]; ok && w == s.Protocol+" "+s.State {
			delete(want, s.LocalAddr)
			if s.PID != os.Getpid() || s.Process == "" || s.User != uint64(os.Getuid()) {
				t.Errorf("%+v", s)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
}

func TestRoutesAgreeWithIP(t *testing.T) {
	var want, got []string
	for _, w := range sourcetest.Lines(t, "iproute2", "ip", "-4", "route", "show", "table", "main") {
		want = append(want, w[0])
	}
	for _, r := range sourcetest.Read[[]ip4Route](t, &source.Host{}, ip4routesType()) {
		bits, _ := net.IPMask(net.ParseIP(r.Genmask).To4()).Size()
		to := fmt.Sprintf("%s/%d", r.Destination, bits)
		got = append(got, cmp.Or(map[string]string{"0.0.0.0/0": "default"}[to], strings.TrimSuffix(to, "/32")))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v, ip says %v", got, want)
	}
}

func TestPacketFilterOfThisHost(t *testing.T) {
	collecttest.Program(t, "iptables-save", "iptables")
	if os.Getuid() != 0 {
		collecttest.Lacks(t, "only root sees the packet filter")
	}
	if _, err := iptablesType().Read(context.Background(), &source.Host{}); err != nil {
		t.Error(err)
	}
}

func FuzzNetworkTables(f *testing.F) {
	sourcetest.Seeds(f, "software/*/proc/net/*", "software/*.out/iptables-save")
	f.Fuzz(func(t *testing.T, b []byte) {
		sourcetest.CheckJSON(t, b, parseIP4Routes(b, binary.LittleEndian), parseIP6Routes(b), parsePacketRules(b, redact.Arguments{}))
		for _, s := range parseSockets(b, "udp6", binary.LittleEndian) {
			if !s.local.IsValid() || !s.foreign.IsValid() || s.isListening() && s.foreign.Port() != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestParseSockets(t *testing.T) {
	const rest = " 00000003:00000002 00:00000000 00000000  1000        0 77 2\n"
	got := parseSockets([]byte("  sl  local_address rem_address   st tx_queue rx_queue\n"+
		"  0: 0100007F:0050 00000000:0000 07"+rest+"  1: 0100007F:0051 0200007F:0001 07"+rest+"  2: bad\n"),
		"udp", binary.LittleEndian)
	if len(got) != 2 || !got[0].isListening() || got[1].isListening() || got[0].local.String() != "127.0.0.1:80" ||
		got[0].sendQ != 3 || got[0].recvQ != 2 || got[0].user != 1000 || got[0].inode != 77 {
		t.Errorf("%+v", got)
	}
}

func TestParseIP6Routes(t *testing.T) {
	const zero = "00000000000000000000000000000000"
	line := func(prefix string) string {
		return zero + " " + prefix + " " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00000001 lo\n"
	}
	got := parseIP6Routes([]byte(line("80") + line("81") + line("xx")))
	if len(got) != 1 || got[0].Destination != "::/128" || got[0].Metric != -1 || got[0].Flag != "U" {
		t.Errorf("%+v", got)
	}
}
