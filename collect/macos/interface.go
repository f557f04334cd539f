package macos

import (
	"encoding/binary"
	"errors"
)

// An Interface is a network interface with its counters.
type Interface struct {
	Name                         string
	Running                      bool
	RxBytes, RxPackets, RxErrors uint64
	RxDropped                    uint64
	TxBytes, TxPackets, TxErrors uint64
	TxDropped                    uint64
	Collisions                   uint64
}

const (
	// maxInterfaces bounds how many are read.
	maxInterfaces = 4096

	messageInterface2 = 0x12 // RTM_IFINFO2
	flagRunning       = 0x40 // IFF_RUNNING
	familyLink        = 18   // AF_LINK

	// messageBytes is the size of if_msghdr2, which a sockaddr_dl follows.
	messageBytes = 160
	// linkNameAt is where the name begins in a sockaddr_dl.
	linkNameAt = 8
)

var errInterfaces = errors.New("NET_RT_IFLIST2: a message is longer than the rest of the list")

// parseInterfaces reads the messages of NET_RT_IFLIST2. It skips those that are not of an interface:
// they are of its addresses.
func parseInterfaces(b []byte) ([]Interface, error) {
	var all []Interface
	for len(b) >= 4 && len(all) < maxInterfaces {
		size := int(binary.LittleEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return all, errInterfaces
		}
		if i, ok := parseInterface(b[:size]); ok {
			all = append(all, i)
		}
		b = b[size:]
	}
	return all, nil
}

func parseInterface(b []byte) (i Interface, ok bool) {
	if b[3] != messageInterface2 || len(b) < messageBytes+linkNameAt {
		return i, false
	}
	link := b[messageBytes:]
	name := int(link[5])
	if link[1] != familyLink || name == 0 || len(link) < linkNameAt+name {
		return i, false
	}
	counter := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	return Interface{
		Name:      string(link[linkNameAt : linkNameAt+name]),
		Running:   binary.LittleEndian.Uint32(b[8:])&flagRunning != 0,
		RxPackets: counter(56), RxErrors: counter(64), RxBytes: counter(96), RxDropped: counter(128),
		TxPackets: counter(72), TxErrors: counter(80), TxBytes: counter(104),
		TxDropped:  uint64(binary.LittleEndian.Uint32(b[24:])),
		Collisions: counter(88),
	}, true
}
