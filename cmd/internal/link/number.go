package link

import (
	"strconv"

	"virgo/transport/agentkey"
)

// sessionKey is in StateSpace: the greatest number of a session that may be in use, decimal.
const sessionKey = "session"

// sessionsPerRun is how many numbers a run reserves: one for each session that it may open.
const sessionsPerRun = 16

// numbers are those of the sessions, see PROTOCOL.md, "Sessions that are counted".
type numbers struct {
	last   uint64 // the last one that was used
	stored uint64 // what the spool has, at least last if the run reserved its numbers
}

// A Store reads and writes values in a transaction.
type Store interface {
	Reader
	Put(space, key string, value []byte) error
}

// ReserveSessions reserves this run's numbers, in a transaction that the run makes anyway: numbers must
// grow from run to run although most runs do not learn whether the last one's hello arrived. If it is
// not called or fails, the sessions are numbered all the same, and stored with what they settle.
func (st *State) ReserveSessions(tx Store) error {
	return st.numbers.put(tx, st.numbers.last+sessionsPerRun)
}

// nextSession returns the number of the next session.
func (st *State) nextSession() uint64 {
	st.numbers.last = min(st.numbers.last+1, agentkey.MaxSession)
	return st.numbers.last
}

// goOnFrom continues after a number that an endpoint has seen, unless it is so far ahead that it is not
// true.
func (st *State) goOnFrom(seen uint64) {
	if seen > st.numbers.last && seen-st.numbers.last <= agentkey.MaxSessionJump {
		st.numbers.last = seen
	}
}

// save stores the numbers that were used, if the spool does not have them.
func (n *numbers) save(tx Store) error {
	if n.last <= n.stored {
		return nil
	}
	return n.put(tx, n.last)
}

// put stores a number, unless another run has stored a greater one.
func (n *numbers) put(tx Store, number uint64) error {
	number = max(min(number, agentkey.MaxSession), parseSession(tx.Get(StateSpace, sessionKey)))
	if err := tx.Put(StateSpace, sessionKey, strconv.AppendUint(nil, number, 10)); err != nil {
		return err
	}
	n.stored = number
	return nil
}

// parseSession reads the stored number. One that cannot be read counts as none: sessions may be counted
// from the start again.
func parseSession(b []byte) uint64 {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil || n > agentkey.MaxSession {
		return 0
	}
	return n
}
