package fleet

import (
	"errors"
	"math/rand/v2"
	"net"
)

// The types of refusals in PROTOCOL.md.
const (
	proofFailed = "proofFailed"
	notEnrolled = "notEnrolled"
	otherKey    = "otherKey"
)

// claimedSession is the session number of an attacker who wants the sessions of its victim to look old.
const claimedSession = 1 << 31

// victim returns one that may have its next session later, and would notice.
func (a *attacker) victim() int { return rand.IntN(a.Victims.Len()) }

// wrongProof has the id and the public key of a host, and not its private one.
func (a *attacker) wrongProof(nc net.Conn) verdict {
	i := a.victim()
	h := &host{key: a.Enrolled.hosts[a.n%a.Enrolled.Len()].key, public: a.Victims.hosts[i].public}
	return a.pretend(nc, a.Victims, i, h, proofFailed)
}

// unknownID has a key and an id that nobody registered.
func (a *attacker) unknownID(nc net.Conn) verdict {
	i := a.n % a.Strangers.Len()
	return a.pretend(nc, a.Strangers, i, &host{key: a.Strangers.hosts[i].key, public: a.Strangers.hosts[i].public}, notEnrolled)
}

// stolenID has the id of a host, and the registered key of another one.
func (a *attacker) stolenID(nc net.Conn) verdict {
	own := &a.Enrolled.hosts[a.n%a.Enrolled.Len()]
	return a.pretend(nc, a.Victims, a.victim(), &host{key: own.key, public: own.public}, otherKey)
}

// pretend says hello with the id of a host and what another one has, and sends results behind it. It expects a
// refusal of a type.
func (a *attacker) pretend(nc net.Conn, f *Fleet, i int, h *host, typ string) verdict {
	conn := a.tls(nc)
	if conn == nil {
		return early
	}
	w := f.NewWorker()
	h.sessions.Store(claimedSession)
	if w.appendHelloOf(i, h, conn.ConnectionState()) != nil {
		return early
	}
	const run = 1 << 20 // which the victim does not reach
	w.appendRun(i, run, f.now())
	if _, err := conn.Write(w.out); err != nil {
		return early
	}
	w.in.Reset(conn)
	_, err := next(w.in, nil)
	var said *answeredError
	switch {
	case err == nil:
		return allowed
	case errors.As(err, &said) && said.typ == typ:
		if _, err := next(w.in, nil); err == nil { // to the results
			return allowed
		}
		return expected
	}
	return early
}
