package intaketest

import (
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A Store is what the suite tests together.
type Store interface {
	intake.Intake
	intake.History
	intake.Keys
}

// An Opener opens the same store again with each call, and closes it when the test ends. All openings
// see the same content.
type Opener func(t *testing.T) Store

// Run tests an implementation. create makes an empty store.
func Run(t *testing.T, create func(t *testing.T) Opener) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open Opener)
	}{
		{"TokenLabels", testTokenLabels},
		{"TokenSpecs", testTokenSpecs},
		{"TokenList", testTokenList},
		{"RevokedTokens", testRevokedTokens},
		{"UnknownTokens", testUnknownTokens},
		{"Enrolment", testEnrolment},
		{"TokensOfEnrolment", testTokensOfEnrolment},
		{"LegacyTokens", testLegacyTokens},
		{"RevokedAgents", testRevokedAgents},
		{"AddedKeys", testAddedKeys},
		{"RenamedAgents", testRenamedAgents},
		{"SessionNumbers", testSessionNumbers},
		{"OtherKeys", testOtherKeys},
		{"ConcurrentEnrolments", testConcurrentEnrolments},
		{"CopiesAreStoredOnce", testCopies},
		{"ManyResults", testManyResults},
		{"TokenIsCheckedAtTheCommit", testTokenAtCommit},
		{"Durable", testDurable},
		{"CancelledContext", testCancelled},
		{"EmptyBatch", testEmptyBatch},
		{"ConcurrentWriters", testConcurrentWriters},
		{"HostileSizes", testHostileSizes},
		{"Agents", testAgents},
		{"HeldAgainstModel", testHeldModel},
		{"HeldIsBounded", testHeldBounded},
		{"HeldAndRefused", testHeldRefused},
		{"RefusalsAreBounded", testRefusalsBounded},
		{"Bundles", testBundles},
		{"BundlesOfOthers", testBundlesOfOthers},
		{"BundlesAreBounded", testBundlesBounded},
		{"RefusedChecks", testRefusedChecks},
		{"Latest", testLatest},
		{"LatestFields", testLatestFields},
		{"LatestIsBounded", testLatestBounded},
		{"Refusals", testRefusals},
		{"Tags", testTags},
		{"Readers", testReaders},
		{"OrderOfResults", testOrder},
		{"Filters", testFilters},
		{"FieldsOfResults", testFields},
		{"ErrorOfCallback", testCallbackError},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, create(t)) })
	}
}

// epoch is the time of the suite's arrivals.
var epoch = time.UnixMilli(1_700_000_000_123)

// Agents are the ids that the token of [NewToken] names.
func Agents() []string {
	ids := []string{"ä%_", "a", "b", "c", "A", "B", "early", "agent", "agent0", "agent1", "web1", "web2"}
	return append(append(ids, hostileIDs()...), strings.Repeat("a", intake.MaxIDBytes))
}

// hostileIDs are ids that mean something to a database.
func hostileIDs() []string {
	return []string{"'", `"`, `\`, "%", "_", "*", "?", "a;DROP TABLE results", "ä", "\U0001f600", " ", "\u202e",
		"-1", "1e400", "NULL"}
}

// NewToken makes a legacy token for [Agents] and returns it with its id and the access that it gives
// each of them.
func NewToken(t testing.TB, s Store) (secret, id string, access intake.Access) {
	t.Helper()
	secret, token, err := s.AddToken(t.Context(),
		intake.TokenSpec{Label: "a test", Kinds: intake.Legacy, AgentIDs: Agents()}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	admission, err := s.Admit(t.Context(), intake.Claim{AgentID: "a", Token: secret, Now: epoch})
	if err != nil {
		t.Fatal(err)
	}
	return secret, token.ID, admission.Access
}

// arrival is a small result of an agent.
func arrival(access intake.Access, agent, resultID string) intake.Arrival {
	return intake.Arrival{AgentID: agent, Access: access, Received: epoch, Results: []intake.Result{{
		ResultID: resultID, CheckID: "c", CheckType: "agent.cpu", State: "available", Status: "success",
		Time: epoch.Add(-time.Second), Params: []byte("{}"),
	}}}
}

// put appends and expects that nothing is wrong with any arrival.
func put(t *testing.T, s Store, batch ...intake.Arrival) []intake.Outcome {
	t.Helper()
	outcomes, err := s.Append(t.Context(), batch)
	if err != nil || len(outcomes) != len(batch) {
		t.Fatalf("%d outcomes of %d arrivals, %v", len(outcomes), len(batch), err)
	}
	for i, o := range outcomes {
		if o.Err != nil {
			t.Fatalf("arrival %d: %v", i, o.Err)
		}
	}
	return outcomes
}

// Results lists the results that a filter selects.
func Results(t testing.TB, h intake.History, f intake.Filter) []intake.Result {
	t.Helper()
	var list []intake.Result
	if err := h.Results(t.Context(), f,
		func(r intake.Result) error { list = append(list, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func wantStored(t *testing.T, s Store, want int) {
	t.Helper()
	if n := len(Results(t, s, intake.Filter{})); n != want {
		t.Errorf("%d results are stored, want %d", n, want)
	}
}
