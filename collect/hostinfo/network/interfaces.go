package network

import (
	"context"
	"fmt"
	"net"
	"strings"

	"virgo/collect/hostinfo/source"
)

type interfaceInfo struct {
	Name      string   `json:"name" doc:"the interface, for example eth0"`
	Type      string   `json:"type" doc:"Ethernet, Local Loopback, Point-to-Point or Unspecified"`
	Address   string   `json:"address" doc:"its first IPv4 address"`
	Netmask   string   `json:"netmask" doc:"the mask of that address"`
	Broadcast string   `json:"broadcast" doc:"the broadcast address of that network; 0.0.0.0 if there is none"`
	Address6  string   `json:"address6" doc:"its first IPv6 address"`
	Addresses []string `json:"addresses" doc:"all its addresses with the lengths of their prefixes, for example 10.0.0.2/8"`
	HWAddr    string   `json:"hwaddr" doc:"its hardware address"`
	MTU       int      `json:"mtu" doc:"largest packet, bytes"`
	Flags     uint64   `json:"flags" doc:"the sum of 1 up, 2 broadcast, 8 loopback, 16 point-to-point, 64 running, 2048 multicast"`
	traffic
}

// traffic is counted since boot, or since the interface was created.
type traffic struct {
	RxBytes      uint64 `json:"rx_bytes" doc:"received, bytes"`
	RxPackets    uint64 `json:"rx_packets" doc:"received packets"`
	RxErrors     uint64 `json:"rx_errors" doc:"errors in receiving"`
	RxDropped    uint64 `json:"rx_dropped" doc:"received packets that were dropped"`
	RxOverruns   uint64 `json:"rx_overruns" doc:"received packets that overran the buffer"`
	TxBytes      uint64 `json:"tx_bytes" doc:"sent, bytes"`
	TxPackets    uint64 `json:"tx_packets" doc:"sent packets"`
	TxErrors     uint64 `json:"tx_errors" doc:"errors in sending"`
	TxDropped    uint64 `json:"tx_dropped" doc:"packets that were dropped instead of sent"`
	TxOverruns   uint64 `json:"tx_overruns" doc:"packets that overran the buffer instead of being sent"`
	TxCollisions uint64 `json:"tx_collisions" doc:"collisions; 0 if the system does not count them"`
	TxCarrier    uint64 `json:"tx_carrier" doc:"losses of the carrier; 0 if the system does not count them"`
}

func networkType() source.Type {
	return source.Type{
		Name:    "network",
		Summary: "network interfaces, their addresses and traffic",
		Shape:   []interfaceInfo{},
		Read:    readNetwork,
	}
}

func readNetwork(ctx context.Context, h *source.Host) (any, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("reading network interfaces: %w", err)
	}
	counted, err := readTraffic(ctx, h)
	if err != nil {
		err = fmt.Errorf("reading the traffic of network interfaces: %w", err)
	}
	all := make([]interfaceInfo, 0, len(interfaces))
	for _, i := range interfaces {
		info := interfaceInfo{
			Name: i.Name, Type: interfaceKind(i), HWAddr: strings.ToUpper(i.HardwareAddr.String()),
			MTU: i.MTU, Flags: sigarFlags(i.Flags), Addresses: []string{}, traffic: counted[i.Name],
		}
		addresses, _ := i.Addrs() // an interface that was removed has none
		info.setAddresses(addresses, i.Flags)
		all = append(all, info)
	}
	return all, err
}

func (i *interfaceInfo) setAddresses(all []net.Addr, flags net.Flags) {
	for _, a := range all {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		i.Addresses = append(i.Addresses, n.String())
		four := n.IP.To4()
		switch {
		case four == nil && i.Address6 == "":
			i.Address6 = n.IP.String()
		case four != nil && i.Address == "":
			i.Address, i.Broadcast = four.String(), "0.0.0.0"
			mask := n.Mask[max(0, len(n.Mask)-4):]
			i.Netmask = net.IP(mask).String()
			if flags&net.FlagBroadcast != 0 && len(mask) == 4 {
				last := make(net.IP, 4)
				for b := range last {
					last[b] = four[b] | ^mask[b]
				}
				i.Broadcast = last.String()
			}
		}
	}
}

// sigarFlags converts to the numbers of Sigar, the library of the original agent.
func sigarFlags(flags net.Flags) uint64 {
	var n uint64
	for _, f := range []struct {
		flag net.Flags
		bit  uint64
	}{
		{net.FlagUp, 1}, {net.FlagBroadcast, 2}, {net.FlagLoopback, 8}, {net.FlagPointToPoint, 16},
		{net.FlagRunning, 64}, {net.FlagMulticast, 2048},
	} {
		if flags&f.flag != 0 {
			n |= f.bit
		}
	}
	return n
}

func interfaceKind(i net.Interface) string {
	switch {
	case i.Flags&net.FlagLoopback != 0:
		return "Local Loopback"
	case i.Flags&net.FlagPointToPoint != 0:
		return "Point-to-Point"
	case len(i.HardwareAddr) == 6:
		return "Ethernet"
	}
	return "Unspecified"
}
