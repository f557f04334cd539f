package store

import (
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/transport/receipt"
)

// What another process has stored of an agent is seen by one that remembers it as an agent that was never seen, in
// whatever state the segment is by then.
func TestFirstContactElsewhere(t *testing.T) {
	for _, until := range []segmentState{segmentOpen, segmentEnded, segmentSealed} {
		t.Run(until.String(), func(t *testing.T) {
			path := newPath(t)
			s, other := openAt(t, path), openAt(t, path)
			if _, err := s.AddKey(t.Context(), "a", intaketest.Key(1), now); err != nil {
				t.Fatal(err)
			}
			claim := intake.Claim{AgentID: "a", Key: intaketest.Key(1), Proven: true, Session: 7, Now: now}
			a, err := other.Admit(t.Context(), claim)
			if err != nil || a.LastSession != 0 {
				t.Fatalf("%+v, %v", a, err)
			}
			session := posted(a.Access, "a", receipt.ID("a", 1, 1), receipt.ID("a", 1, 2))
			session.Hello = &intake.Hello{Name: "n", Session: 7, Remote: "192.0.2.1:1"}
			wantStored(t, s, 2, session)
			if until >= segmentEnded {
				e := rolledOver(t, s)
				if until == segmentSealed {
					if err := s.finish(t.Context(), e); err != nil {
						t.Fatal(err)
					}
				}
			}
			if a, err := other.Admit(t.Context(), claim); err != nil || a.LastSession != 7 {
				t.Errorf("%+v, %v", a, err)
			}
			wantStored(t, other, 0, posted(a.Access, "a", receipt.ID("a", 1, 1), receipt.ID("a", 1, 2)))
			list, err := other.Agents(t.Context(), "a")
			if err != nil || len(list) != 1 || list[0].Name != "n" || list[0].Who.Sessions.Last != 7 {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}

// The first contact in a segment continues what a version without segments knew.
func TestContactOfAnOldRow(t *testing.T) {
	s := newStore(t)
	key := addToken(t, s)
	wantStored(t, s, 0, intake.Arrival{AgentID: "a", Access: key, Received: now})
	for _, query := range []string{
		"DELETE FROM segments",
		`UPDATE agents SET name = 'n', process_version = '1.0.0', remote = '192.0.2.1:1', last_seen_ms = 1700000000000`,
		`INSERT INTO refused_checks (agent, check_id, told_ms) SELECT key, 'refused', 1800000000000 FROM agents`,
	} {
		if _, err := s.write.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	wantStored(t, s, 1, posted(key, "a", "1"))
	list, err := s.Agents(t.Context(), "a")
	if err != nil || len(list) != 1 || list[0].Name != "n" || list[0].RefusedChecks != 1 || !list[0].LastSeen.Equal(now) {
		t.Errorf("%+v, %v", list, err)
	}
}
