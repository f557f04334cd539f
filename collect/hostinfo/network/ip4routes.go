package network

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// An ip4Route is a line of /proc/net/route, the kernel's main table, with the names of route(8).
type ip4Route struct {
	Destination string `json:"destination" doc:"network it leads to"`
	Gateway     string `json:"gateway" doc:"next hop; 0.0.0.0 if the network is linked directly"`
	Genmask     string `json:"genmask" doc:"mask of the network"`
	Flags       string `json:"flags" doc:"U up, G by a gateway, H a host, R reinstated, D and M set by redirects, ! rejected"`
	Metric      uint64 `json:"metric" doc:"metric; the lowest wins"`
	Ref         uint64 `json:"ref" doc:"references to it (Linux does not count them)"`
	Use         uint64 `json:"use" doc:"lookups (Linux does not count them)"`
	Iface       string `json:"iface" doc:"interface that its packets leave by"`
	MSS         uint64 `json:"mss" doc:"largest packet, bytes; 0 the interface's"`
	Window      uint64 `json:"window" doc:"TCP window, bytes; 0 the system's"`
	IRTT        uint64 `json:"irtt" doc:"initial estimate of the round trip, ms; 0 the system's"`
}

func ip4routesType() source.Type {
	return source.Type{
		Name:    "ip4routes",
		Summary: "IPv4 routes of the main table",
		Systems: []string{"linux"},
		Shape:   []ip4Route{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			var problems source.Problems
			b, err := h.Read("/proc/net/route")
			problems.Add(err)
			return source.NonNil(parseIP4Routes(b, binary.NativeEndian)), problems.Err()
		},
	}
}

// parseIP4Routes parses the table; its addresses are numbers in the processor's byte order.
func parseIP4Routes(b []byte, order binary.ByteOrder) []ip4Route {
	var all []ip4Route
	address := func(s string) string {
		n, err := strconv.ParseUint(s, 16, 32)
		if err != nil {
			return ""
		}
		var a [4]byte
		order.PutUint32(a[:], uint32(n))
		return netip.AddrFrom4(a).String()
	}
	number := func(s string) uint64 {
		n, _ := strconv.ParseUint(s, 10, 64) // the header has words
		return n
	}
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		if len(w) < 11 || address(w[1]) == "" {
			continue
		}
		flags, err := strconv.ParseUint(w[3], 16, 32)
		if err != nil {
			continue
		}
		all = append(all, ip4Route{
			Destination: address(w[1]), Gateway: address(w[2]), Genmask: address(w[7]),
			Flags:  routeFlags(uint32(flags)),
			Metric: number(w[6]), Ref: number(w[4]), Use: number(w[5]), Iface: w[0],
			MSS: number(w[8]), Window: number(w[9]), IRTT: number(w[10]),
		})
	}
	return all
}

// routeFlags formats the kernel's flags (linux/route.h, linux/ipv6_route.h) as route(8) does; a
// rejected route is "!" instead of up.
func routeFlags(flags uint32) string {
	const reject = 0x0200
	out := ""
	if flags&reject != 0 {
		out = "!"
	} else if flags&1 != 0 {
		out = "U"
	}
	for _, f := range []struct {
		bit    uint32
		letter string
	}{
		{0x0002, "G"}, {0x0004, "H"}, {0x0008, "R"}, {0x0010, "D"}, {0x0020, "M"},
		{0x00040000, "A"}, {0x01000000, "C"}, {0x00200000, "n"},
	} {
		if flags&f.bit != 0 {
			out += f.letter
		}
	}
	return out
}
