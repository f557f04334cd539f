package web

import (
	"bytes"

	"virgo/cmd/virgo-endpoint/internal/live"
)

// maxRowsTold bounds the rows of one event. Where more changed, the page loads itself again, which is compressed.
const maxRowsTold = 60

// watchHosts tells the rows that changed, and the counts of states.
func watchHosts(s *Site, q *request, to *events) error {
	last := ""
	return s.follow(to, func(c live.Change) error { return q.tellHosts(c, to, &last) })
}

// tellHosts tells of a change. last is the summary that was told last.
func (q *request) tellHosts(c live.Change, to *events, last *string) error {
	if c.Resync || len(c.Hosts) > maxRowsTold {
		return to.send("resync", "")
	}
	q.now = q.site.Now()
	all := q.site.Hosts.Rows(q.now)
	list := listHosts(all, q)
	wanted := map[int64]bool{}
	for _, agent := range c.Hosts {
		wanted[int64(agent)] = true
	}
	var rows, summary bytes.Buffer
	for i := range list.Rows {
		if !wanted[list.Rows[i].Agent] {
			continue
		}
		delete(wanted, list.Rows[i].Agent)
		if err := q.site.templates.execute(&rows, "hosts", "row", &list.Rows[i]); err != nil {
			return err
		}
	}
	if len(wanted) > 0 { // some are gone
		return to.send("resync", "")
	}
	if rows.Len() > 0 {
		if err := to.send("rows", rows.String()); err != nil {
			return err
		}
	}
	if err := q.site.templates.execute(&summary, "hosts", "summary", list); err != nil {
		return err
	}
	if text := summary.String(); text != *last {
		*last = text
		return to.send("summary", text)
	}
	return nil
}
