package agent

import (
	"sync"
	"time"

	"virgo/spool"
)

// ticketSpace keeps the TLS session to resume, by endpoint: that of the endpoint which results last went to, and no
// other. What lies there is sealed by transport under the token.
const ticketSpace = "tickets"

// tickets is a run's transport.TicketStore. What it is given is kept with the next settlement, and goes without
// where there is none: a ticket is worth no commit of its own, nor a wait for the disk in the session's reader.
type tickets struct {
	endpoint string // whose ticket was kept by a run before
	was      []byte
	young    bool // it was kept not long ago

	// refused says that the endpoint did not take it.
	refused bool

	mu    sync.Mutex
	fresh map[string][]byte // by endpoint; nil forgets it
}

// readTicket takes what a run before kept, for the endpoint that took its results.
func (st *State) readTicket(tx getter) {
	if st.Link.Endpoint != "" {
		st.ticket = tx.Get(ticketSpace, st.Link.Endpoint)
	}
}

// Ticket gives what is to be resumed.
func (t *tickets) Ticket(endpoint string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sealed, news := t.fresh[endpoint]; news || endpoint != t.endpoint {
		return sealed
	}
	return t.was
}

// ticketUse is how long a ticket is used again and again. To seal and write one costs a run many times what a
// resumed handshake saves it; what a watcher learns from its reuse, this host's address tells as well.
const ticketUse = time.Hour

// WantsTicket is called by the session's reader.
func (t *tickets) WantsTicket(endpoint string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return endpoint != t.endpoint || t.was == nil || !t.young || t.refused
}

// answered notes whether the endpoint took the ticket. It is called before the session's reader begins.
func (t *tickets) answered(resumed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = !resumed
}

// KeepTicket is called by the session's reader.
func (t *tickets) KeepTicket(endpoint string, sealed []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fresh == nil {
		t.fresh = make(map[string][]byte, 1)
	}
	t.fresh[endpoint] = sealed
}

// keepIn writes the ticket of the endpoint that results go to, and forgets that of another.
func (t *tickets) keepIn(tx *spool.Tx, endpoint string) (kept bool, err error) {
	t.mu.Lock()
	sealed, news := t.fresh[endpoint]
	t.mu.Unlock()
	if t.endpoint != "" && t.endpoint != endpoint {
		if err := tx.Delete(ticketSpace, t.endpoint); err != nil {
			return false, err
		}
	}
	switch {
	case !news:
		return false, nil
	case sealed == nil:
		return false, tx.Delete(ticketSpace, endpoint)
	}
	return true, tx.Put(ticketSpace, endpoint, sealed)
}
