package web

import (
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
)

// watchHost tells that there are new results of a host; its page then asks for what it shows.
func watchHost(s *Site, q *request, to *events) error {
	id := q.URL.Query().Get("id")
	var agent intake.AgentNumber
	find := func() {
		rows := s.Hosts.Rows(s.Now())
		if i := slices.IndexFunc(rows, func(r live.Row) bool { return r.ID == id }); i >= 0 {
			agent = rows[i].Agent
		}
	}
	changes := s.Hosts.Subscribe(to.ctx)
	quiet := time.NewTicker(quietTime)
	defer quiet.Stop()
	for find(); ; {
		select {
		case <-to.ctx.Done():
			return to.ctx.Err()
		case <-quiet.C:
			if err := to.comment(); err != nil {
				return err
			}
		case c, ok := <-changes:
			if !ok {
				return nil
			}
			if agent == 0 {
				find() // it may be new
			}
			if c.Resync || slices.Contains(c.Hosts, agent) {
				if err := to.send("points", ""); err != nil {
					return err
				}
			}
		}
	}
}
