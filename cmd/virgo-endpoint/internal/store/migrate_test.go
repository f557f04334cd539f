package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// v1Token is the token of testdata/store-v1.db, a store that was written before results had an order.
const v1Token = "virgo_EVZxzOk96BDYCj_l9cgVmRdZ_-PCOuabrcWBrzfKdQU"

// A store of the first version is migrated: what was in it is there, new results are stored beside it, and
// a copy of an old one is recognised.
func TestMigrateFirstVersion(t *testing.T) {
	data, err := os.ReadFile("testdata/store-v1.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	list := intaketest.Results(t, s, intake.Filter{})
	if len(list) != 6 {
		t.Fatalf("%d results of 6", len(list))
	}
	for _, r := range list {
		if r.Order != nil || r.Late || r.AgeMS != nil || r.ClockOffsetMS != nil ||
			r.Status != "status of "+r.ResultID {
			t.Errorf("migrated: %+v", r)
		}
	}
	agents, err := s.Agents(t.Context())
	if err != nil || len(agents) != 2 || agents[0].ID != "web1" || agents[0].Results != 3 ||
		agents[0].ClockOffsetMS != nil {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	admission, err := s.Admit(t.Context(), intake.Claim{AgentID: "web1", Token: v1Token, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	key := admission.Access
	var batch []intake.Arrival
	for _, id := range []string{"r1", "r4"} {
		batch = append(batch, intake.Arrival{AgentID: "web1", Access: key, Received: time.Now(), Result: &intake.Result{
			ResultID: id, CheckID: "c", CheckType: "t", State: "available", Params: []byte("{}"),
		}})
	}
	outcomes, err := s.Append(t.Context(), batch)
	if err != nil || outcomes[0].Stored || !outcomes[1].Stored {
		t.Errorf("a copy and a new result: %+v, %v", outcomes, err)
	}
	// Opened again, there is nothing left to migrate.
	if n := len(intaketest.Results(t, openAt(t, path), intake.Filter{})); n != 7 {
		t.Errorf("%d results, want 7", n)
	}
}
