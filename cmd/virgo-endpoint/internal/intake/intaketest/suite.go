package intaketest

import (
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
		{"TokenList", testTokenList},
		{"RevokedTokens", testRevokedTokens},
		{"UnknownTokens", testUnknownTokens},
		{"CopiesAreStoredOnce", testCopies},
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

// NewToken makes a token and returns it with its id and key.
func NewToken(t testing.TB, s Store) (secret, id string, key intake.TokenKey) {
	t.Helper()
	secret, token, err := s.AddToken(t.Context(), "a test", epoch)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = s.Authenticate(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	return secret, token.ID, key
}

// arrival is a small result of an agent.
func arrival(key intake.TokenKey, agent, resultID string) intake.Arrival {
	return intake.Arrival{AgentID: agent, Token: key, Received: epoch, Result: &intake.Result{
		ResultID: resultID, CheckID: "c", CheckType: "agent.cpu", State: "available", Status: "success",
		Time: epoch.Add(-time.Second), Params: []byte("{}"),
	}}
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
