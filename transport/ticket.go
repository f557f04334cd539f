package transport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
)

// A TicketStore keeps a TLS session ticket for each endpoint from one run to the next, so that the next
// handshake needs no certificates. What it keeps is sealed; losing it costs one full handshake.
//
// A ticket is best used once (RFC 8446, C.4), for who watches the network can tell that two sessions with the same one are the
// same agent's. A session brings a new one; whether that is worth its keeping is the store's to say.
type TicketStore interface {
	// Ticket gives what was kept last for an endpoint; nil for nothing. It is called in Dial.
	Ticket(endpoint string) []byte
	// WantsTicket says whether a new one would be kept; it is called as KeepTicket is, and saves the sealing.
	WantsTicket(endpoint string) bool
	// KeepTicket is to replace it, by at most 32 KiB; nil forgets it. It is called in Dial, or later by
	// the session's reader, which is another goroutine than the caller's, and so must not wait for disks.
	KeepTicket(endpoint string, sealed []byte)
}

// Bounds and form of a sealed ticket:
//
//	version (1 byte) | salt (32) | nonce (12) | AES-256-GCM of: length (4) | ticket | session state | tag (16)
//
// The key is HKDF-SHA256 (RFC 5869) of the secret, the salt and ticketContext. What is authenticated
// besides is the endpoint, the name expected of its certificate and all that the agent trusts or shows: so
// a ticket of before a change of trust does not open, and the new trust is put to a full handshake.
const (
	ticketVersion  = 1
	ticketSalt     = sha256.Size
	maxTicketBytes = 32 << 10
	ticketContext  = "virgo tls session ticket 1"
)

var errTicket = errors.New("no such ticket")

// Resumed says whether a connection that Dial gave resumed an earlier session.
func Resumed(conn net.Conn) bool {
	t, ok := conn.(*tls.Conn)
	return ok && t.ConnectionState().DidResume
}

// A jar is a tls.ClientSessionCache for one connection.
type jar struct {
	store    TicketStore
	endpoint string
	secret   string
	bound    []byte // what a ticket is authenticated with
}

// jarFor gives what keeps the tickets for a target; nil for nothing. A secret that cannot be had, or
// is empty, costs the resumption and nothing else: whoever needs it for more says so.
func (d *Dialer) jarFor(t target, trust *trust, serverName string) tls.ClientSessionCache {
	if d.Tickets == nil || d.TLS.TicketSecret == nil {
		return nil
	}
	secret, err := d.TLS.TicketSecret()
	if err != nil || secret == "" {
		return nil
	}
	return &jar{d.Tickets, t.label, secret, d.TLS.binding(trust, t.label, serverName)}
}

// binding names all that a session was trusted by, each part with its length before it.
func (c TLSConfig) binding(trust *trust, endpoint, serverName string) []byte {
	h := sha256.New()
	part := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	part([]byte(ticketContext))
	part([]byte(endpoint))
	part([]byte(serverName))
	part(trust.ca)
	for _, pin := range c.Pins {
		part([]byte(pin))
	}
	part(nil)
	if trust.client != nil {
		for _, der := range trust.client.Certificate {
			part(der)
		}
	}
	return h.Sum(nil)
}

// Get gives the session to resume. Whatever is not one, or not for this trust, is nothing.
func (j *jar) Get(string) (*tls.ClientSessionState, bool) {
	session, err := j.open(j.store.Ticket(j.endpoint))
	return session, err == nil
}

// Put keeps a session; nil forgets it.
func (j *jar) Put(_ string, session *tls.ClientSessionState) {
	if session == nil {
		j.store.KeepTicket(j.endpoint, nil)
		return
	}
	if !j.store.WantsTicket(j.endpoint) {
		return
	}
	if sealed, err := j.seal(session); err == nil {
		j.store.KeepTicket(j.endpoint, sealed)
	}
}

func (j *jar) aead(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(j.secret), salt, ticketContext, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (j *jar) seal(session *tls.ClientSessionState) ([]byte, error) {
	ticket, state, err := session.ResumptionState()
	if err != nil || state == nil {
		return nil, errTicket
	}
	rest, err := state.Bytes()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 1+ticketSalt, 1+ticketSalt+4+len(ticket)+len(rest)+28)
	head[0] = ticketVersion
	rand.Read(head[1:])
	aead, err := j.aead(head[1:])
	if err != nil {
		return nil, err
	}
	plain := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(ticket)+len(rest)), uint32(len(ticket)))
	plain = append(append(plain, ticket...), rest...)
	if sealed := aead.Seal(head, nil, plain, j.bound); len(sealed) <= maxTicketBytes {
		return sealed, nil
	}
	return nil, errTicket
}

func (j *jar) open(sealed []byte) (*tls.ClientSessionState, error) {
	if len(sealed) < 1+ticketSalt || len(sealed) > maxTicketBytes || sealed[0] != ticketVersion {
		return nil, errTicket
	}
	aead, err := j.aead(sealed[1 : 1+ticketSalt])
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed[1+ticketSalt:], j.bound)
	if err != nil {
		return nil, err
	}
	return unpack(plain)
}

// unpack reads what a sealed ticket holds.
func unpack(plain []byte) (*tls.ClientSessionState, error) {
	if len(plain) < 4 || int64(binary.BigEndian.Uint32(plain)) > int64(len(plain)-4) {
		return nil, errTicket
	}
	n := binary.BigEndian.Uint32(plain)
	state, err := tls.ParseSessionState(plain[4+n:])
	if err != nil {
		return nil, err
	}
	return tls.NewResumptionState(plain[4:4+n], state)
}
