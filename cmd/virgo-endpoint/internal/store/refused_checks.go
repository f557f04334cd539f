package store

import "virgo/cmd/virgo-endpoint/internal/intake"

// A row of refused_checks is a check that the owner of its agent's host refuses at present. There is no
// more than one for each stored result, so the bounds on results bound them too.
const (
	refusedCheckQuery = `INSERT INTO refused_checks (agent, check_id, told_ms) VALUES (?1, ?2, ?3)
		ON CONFLICT (agent, check_id) DO UPDATE SET told_ms = max(told_ms, excluded.told_ms)`
	allowedCheckQuery = "DELETE FROM refused_checks WHERE agent = ?1 AND check_id = ?2"
	// refusedChecks is the number of an agent's refused checks, for intake.RefusedFor in ms.
	refusedChecks = "(SELECT count(*) FROM refused_checks WHERE agent = agents.key AND told_ms + ? > last_seen_ms)"
)

// noteRefused records what a result that was just stored says about its check.
func (t *transaction) noteRefused(row *agentRow, r *intake.Result, ms any) error {
	var err error
	switch {
	case !r.TellsRefused():
	case r.Refused:
		row.refuses = true
		_, err = t.stmt(t.st.refusedCheck).ExecContext(t.ctx, row.key, r.CheckID, ms)
	case row.refuses:
		_, err = t.stmt(t.st.allowedCheck).ExecContext(t.ctx, row.key, r.CheckID)
	}
	return err
}
