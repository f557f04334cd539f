package store

import (
	"errors"
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
	agents, err := s.Agents(t.Context(), "")
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
		batch = append(batch, intake.Arrival{AgentID: "web1", Access: key, Received: time.Now(), Results: []intake.Result{{
			ResultID: id, CheckID: "c", CheckType: "t", State: "available", Params: []byte("{}"),
		}}})
	}
	outcomes, err := s.Append(t.Context(), batch)
	if err != nil || outcomes[0].Stored != 0 || outcomes[1].Stored != 1 {
		t.Errorf("a copy and a new result: %+v, %v", outcomes, err)
	}
	// Opened again, there is nothing left to migrate.
	if n := len(intaketest.Results(t, openAt(t, path), intake.Filter{})); n != 7 {
		t.Errorf("%d results, want 7", n)
	}
}

// v2Token is the token of testdata/store-v2.db, a store of the last version without keys: agents web1 and db1
// used it, and a bundle of agent far was imported. v2Revoked is another one that was revoked.
const (
	v2Token   = "virgo_I9dHHkywNbBF8PQMfjkVkoNCOFhddXnQ3QTbXUudHns"
	v2Revoked = "virgo_v2zeOWaaaMgoxTSu_xnNXYuzg5xY40IZirmMVATl97M"
)

// A token of before keys is legacy and enrol for the agents that were known, and nothing for others.
func TestMigrateSecondVersion(t *testing.T) {
	data, err := os.ReadFile("testdata/store-v2.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	tokens, err := s.Tokens(t.Context())
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%+v, %v", tokens, err)
	}
	if k := tokens[0]; k.Kinds != intake.Enrol|intake.Legacy || !k.KnownAgents || k.Uses != 0 || !k.Expires.IsZero() ||
		k.Label != "first" || k.State(time.Now()) != "valid" || tokens[1].State(time.Now()) != "revoked" {
		t.Errorf("%+v", tokens)
	}
	agents, err := s.Agents(t.Context(), "")
	if err != nil || len(agents) != 3 {
		t.Fatalf("%+v, %v", agents, err)
	}
	for i, id := range []string{"db1", "far", "web1"} {
		if one := agents[i].Who; one.AgentID != id || !one.Known || one.Key != nil || !one.Revoked.IsZero() {
			t.Errorf("%+v", one)
		}
	}
	claim := func(agent, token string, key byte) intake.Claim {
		c := intake.Claim{AgentID: agent, Token: token, Now: time.Now()}
		if key != 0 {
			c.Key, c.Proven, c.Session = intaketest.Key(key), true, 1
		}
		return c
	}
	for _, test := range []struct {
		claim intake.Claim
		err   error
	}{
		{claim("web1", v2Token, 0), nil},
		{claim("far", v2Token, 0), nil}, // a courier's
		{claim("new", v2Token, 0), intake.ErrBadToken},
		{claim("new", v2Token, 1), intake.ErrNotEnrolled},
		{claim("web1", v2Revoked, 0), intake.ErrBadToken},
		{claim("web1", v2Revoked, 1), intake.ErrNotEnrolled},
		{claim("web1", v2Token, 1), nil}, // registers
		{claim("web1", v2Token, 1), nil},
		{claim("web1", v2Token, 2), intake.ErrOtherKey},
		{claim("web1", v2Token, 0), intake.ErrKeyRequired},
		{claim("db1", v2Token, 0), nil},
		{claim("far", v2Token, 3), intake.ErrOtherKey}, // not the key of its bundles
	} {
		if _, err := s.Admit(t.Context(), test.claim); !errors.Is(err, test.err) {
			t.Errorf("%+v: %v, want %v", test.claim, err, test.err)
		}
	}
	// Removed, an agent is not known any more.
	if err := s.RemoveAgent(t.Context(), "db1", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admit(t.Context(), claim("db1", v2Token, 0)); !errors.Is(err, intake.ErrBadToken) {
		t.Errorf("removed: %v", err)
	}
}

// testdata/store-v3.db is a store of a version with keys that did not know of refused checks: agent web1 with
// a key, and a result r1 of check c1 whose params say that it is refused, and r2 of c2.
func TestMigrateThirdVersion(t *testing.T) {
	data, err := os.ReadFile("testdata/store-v3.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	list := intaketest.Results(t, s, intake.Filter{})
	if len(list) != 2 || list[0].Refused || list[1].Refused || list[0].State != "unavailable" {
		t.Fatalf("migrated: %+v", list)
	}
	wantAgent := func(results, refused int64) {
		t.Helper()
		agents, err := s.Agents(t.Context(), "")
		if err != nil || len(agents) != 1 || agents[0].ID != "web1" || agents[0].Results != results ||
			agents[0].RefusedChecks != refused {
			t.Errorf("agents: %+v, %v", agents, err)
		}
	}
	wantAgent(2, 0)
	admission, err := s.Admit(t.Context(), intake.Claim{AgentID: "web1", Key: intaketest.Key(1), Proven: true, Session: 2,
		Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var batch []intake.Arrival
	for _, id := range []string{"r1", "r3"} { // a copy, and the next one
		batch = append(batch, intake.Arrival{AgentID: "web1", Access: admission.Access, Received: time.Now(),
			Results: []intake.Result{{ResultID: id, CheckID: "c1", CheckType: "agent.plugin", State: "unavailable",
				Refused: true, Time: time.Now(), Params: []byte("{}")}}})
		outcomes, err := s.Append(t.Context(), batch)
		if err != nil || outcomes[0].Stored != 0 {
			t.Errorf("%+v, %v", outcomes, err)
		}
		wantAgent(int64(1+len(batch)), int64(len(batch)-1))
	}
}

// v7Token is the token of kind read of testdata/store-v7.db, a store of the last version without scopes. It has one of kind
// enrol and one of kind legacy besides.
const v7Token = "virgo_5t1LGy58rGRoeMpOtjLaJ1ZjMUvu7AjMiYOq5433_HA"

// Tokens of before scopes do what they did, and nothing more; one with scopes is stored beside them.
func TestMigrateSeventhVersion(t *testing.T) {
	path := fixture(t, "store-v7.db")
	s := openAt(t, path)
	made := time.UnixMilli(1795953061370)
	list, err := s.Tokens(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, kind := range []intake.Kinds{intake.Enrol, intake.Read, intake.Legacy} {
		if list[i].Kinds != kind || list[i].Scopes != nil || list[i].State(made) != "valid" {
			t.Errorf("%+v", list[i])
		}
	}
	token, err := s.Bearer(t.Context(), v7Token, made)
	if err != nil || token.Kinds != intake.Read || token.Scopes != nil {
		t.Errorf("%+v, %v", token, err)
	}
	secret, _, err := s.AddToken(t.Context(), intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"agents", "tags"},
		Expires: made.Add(time.Hour)}, made)
	if err != nil {
		t.Fatal(err)
	}
	token, err = openAt(t, path).Bearer(t.Context(), secret, made)
	if err != nil || token.Kinds != intake.Admin || len(token.Scopes) != 2 || token.Scopes[1] != "tags" {
		t.Errorf("%+v, %v", token, err)
	}
}
