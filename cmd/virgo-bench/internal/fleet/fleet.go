package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"virgo/transport/agentkey"
)

// Limits of a session of the simulator. An agent waits about as long.
const (
	dialTime    = 20 * time.Second
	sessionTime = 30 * time.Second
)

// Accepts says which forms of posts an endpoint announced, and the hash of the schedule that it has.
type Accepts struct {
	Multi, LZ4 bool
	Schedule   string
}

// A Fleet is a number of hosts that deliver to one endpoint. It is safe for concurrent use, but one host has
// one session at a time.
type Fleet struct {
	// Compress appends data as one LZ4 block to dst. Nil: backlogs go out uncompressed.
	Compress func(dst, data []byte) []byte

	prefix   string
	template *Template
	hosts    []host
	first    int // the address of the first host is the first-th of all
	address  string
	accepts  Accepts
	config   *tls.Config
	// ahead is added to the clock of all hosts, and since is how long before a session its run was, in ms.
	ahead, since int64
	// building bounds the backlogs that are built at a time.
	building chan struct{}
}

// A host is what the simulator remembers of one.
type host struct {
	key      ed25519.PrivateKey
	public   [agentkey.EncodedKeyBytes]byte
	sessions atomic.Uint32
	runs     atomic.Uint32 // of which results were made
	// acknowledged is how many results were, those that were sent more than once counted once.
	acknowledged atomic.Uint32
}

// New makes n hosts, whose ids begin with prefix. The same prefix gives the same ids and keys.
func New(prefix string, n int, t *Template) *Fleet {
	f := &Fleet{prefix: prefix, template: t, hosts: make([]host, n), building: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), config: &tls.Config{
		// The endpoint is a child on loopback. What an agent verifies of it is not measured here.
		InsecureSkipVerify:     true,
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		SessionTicketsDisabled: true,
		// As an agent has it.
		DynamicRecordSizingDisabled: true,
	}}
	for i := range f.hosts {
		seed := sha256.Sum256([]byte(f.ID(i)))
		f.hosts[i].key = ed25519.NewKeyFromSeed(seed[:])
		copy(f.hosts[i].public[:], agentkey.Encode(f.hosts[i].key.Public().(ed25519.PublicKey)))
	}
	return f
}

// Beside makes n further hosts with addresses of their own, for the same endpoint once they are connected.
func (f *Fleet) Beside(prefix string, n int) *Fleet {
	g := New(prefix, n, f.template)
	g.Compress, g.first = f.Compress, f.first+len(f.hosts)
	return g
}

// ConnectLike connects to the endpoint of another fleet. No session may be open.
func (f *Fleet) ConnectLike(g *Fleet) { f.Connect(g.address, g.accepts) }

// Len is the number of hosts.
func (f *Fleet) Len() int { return len(f.hosts) }

// ID is the agent's id of a host.
func (f *Fleet) ID(i int) string { return fmt.Sprintf("%s%06d", f.prefix, i) }

// Results is the number of results of a run.
func (f *Fleet) Results() int { return f.template.Results() }

// Acknowledged is how many results of a host were acknowledged, each counted once.
func (f *Fleet) Acknowledged(i int) int { return int(f.hosts[i].acknowledged.Load()) }

// WriteKeys writes a line for each host, its id and its public key, as `virgo-endpoint agents add --from` reads
// them.
func (f *Fleet) WriteKeys(w io.Writer) error {
	for i := range f.hosts {
		if _, err := fmt.Fprintf(w, "%s %s\n", f.ID(i), f.hosts[i].public[:]); err != nil {
			return err
		}
	}
	return nil
}

// Connect sets the endpoint that is delivered to, and what it accepts. No session may be open.
func (f *Fleet) Connect(address string, accepts Accepts) { f.address, f.accepts = address, accepts }

// SetTime sets how far the clocks of all hosts are ahead, and how long before a session its run was. No session
// may be open.
func (f *Fleet) SetTime(ahead, since time.Duration) {
	f.ahead, f.since = ahead.Milliseconds(), since.Milliseconds()
}

func (f *Fleet) now() int64 { return time.Now().UnixMilli() + f.ahead }

// dial connects from the address of a host.
func (f *Fleet) dial(ctx context.Context, i int) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime, KeepAlive: -1, LocalAddr: sourceOf(f.first + i)}
	return d.DialContext(ctx, "tcp", f.address)
}

// start is the random part of the ids of a host's results, another one for each host.
func (f *Fleet) start(i int) uint64 {
	return binary.BigEndian.Uint64(f.hosts[i].key.Seed()) | 1
}
