package network

import (
	"context"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// An ip6Route is a line of /proc/net/ipv6_route, with the names of route(8).
type ip6Route struct {
	Destination string `json:"destination" doc:"network it leads to, with the length of its prefix"`
	NextHop     string `json:"next_hop" doc:"next hop; :: if the network is linked directly"`
	Flag        string `json:"flag" doc:"U up, G by a gateway, H a host, A by a router's advertisement, C cached, n without next hop, ! rejected"`
	Metric      int32  `json:"met" doc:"metric; the lowest wins; -1 is the last resort"`
	Ref         uint64 `json:"ref" doc:"references to it"`
	Use         uint64 `json:"use" doc:"lookups"`
	Iface       string `json:"iface" doc:"interface that its packets leave by"`
}

func ip6routesType() source.Type {
	return source.Type{
		Name:    "ip6routes",
		Summary: "IPv6 routes",
		Systems: []string{"linux"},
		Shape:   []ip6Route{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			var problems source.Problems
			b, err := h.Read("/proc/net/ipv6_route")
			problems.Add(err) // missing if the kernel has no IPv6
			return source.NonNil(parseIP6Routes(b)), problems.Err()
		},
	}
}

// parseIP6Routes parses lines of destination, prefix, source, prefix, next hop, metric, references,
// lookups, flags, interface; all numbers are hexadecimal.
func parseIP6Routes(b []byte) []ip6Route {
	var all []ip6Route
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		if len(w) < 10 {
			continue
		}
		destination, ok := ip6Address(w[0])
		hop, ok2 := ip6Address(w[4])
		if !ok || !ok2 {
			continue
		}
		var n [5]uint64
		for i, word := range []string{w[1], w[5], w[6], w[7], w[8]} {
			var err error
			if n[i], err = strconv.ParseUint(word, 16, 32); err != nil {
				ok = false
			}
		}
		if !ok || n[0] > 128 {
			continue
		}
		all = append(all, ip6Route{
			Destination: destination + "/" + strconv.FormatUint(n[0], 10), NextHop: hop,
			Metric: int32(n[1]), Ref: n[2], Use: n[3], Flag: routeFlags(uint32(n[4])), Iface: w[9],
		})
	}
	return all
}

func ip6Address(s string) (string, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return "", false
	}
	return netip.AddrFrom16([16]byte(b)).String(), true
}
