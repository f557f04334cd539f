package server

// A Load is what a server does at the moment.
type Load struct {
	// Waiting connections wait for their turn or have sent nothing yet, Served ones are served, Idle are
	// sessions without a request for a while, Refusing connections are told to come back later.
	Waiting, Served, Idle, Refusing int
	// Fresh and Backlog are the arrivals that wait to be stored in each lane, Bytes those of their results.
	Fresh, Backlog int
	Bytes          int64
}

// Load returns what the server does at the moment.
func (s *Server) Load() Load {
	a := s.admission
	a.mu.Lock()
	l := Load{
		Waiting: a.count[mute] + a.count[ready], Served: a.count[greeting] + a.count[active] + a.count[closing],
		Idle: a.count[idle], Refusing: a.count[refusing],
	}
	a.mu.Unlock()
	l.Fresh, l.Backlog = len(s.committer.fresh), len(s.committer.backlog)
	s.pending.mu.Lock()
	l.Bytes = s.pending.whole - s.pending.free
	s.pending.mu.Unlock()
	return l
}
