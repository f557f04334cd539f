package agent

import (
	"sync"

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
func (t *tickets) keepIn(tx *spool.Tx, endpoint string) error {
	t.mu.Lock()
	sealed, news := t.fresh[endpoint]
	t.mu.Unlock()
	if t.endpoint != "" && t.endpoint != endpoint {
		if err := tx.Delete(ticketSpace, t.endpoint); err != nil {
			return err
		}
	}
	switch {
	case !news:
		return nil
	case sealed == nil:
		return tx.Delete(ticketSpace, endpoint)
	}
	return tx.Put(ticketSpace, endpoint, sealed)
}
