package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// A budget is the time that a test may spend on cases.
type budget struct {
	end    time.Time
	tryAll bool // VIRGO_TORTURE is set: the test need not choose a sample
}

// newBudget returns a test's time: short in an ordinary go test, else its share of VIRGO_TORTURE in percent.
// The shares of all tests add up to 100 at most.
func newBudget(t testing.TB, short time.Duration, share int) budget {
	t.Helper()
	text := os.Getenv("VIRGO_TORTURE")
	if text == "" {
		return budget{end: time.Now().Add(short)}
	}
	all, err := time.ParseDuration(text)
	if err != nil || all <= 0 {
		t.Fatalf("VIRGO_TORTURE=%q is no duration such as 15m", text)
	}
	return budget{end: time.Now().Add(all * time.Duration(share) / 100), tryAll: true}
}

// timeLeft reports whether there is time for one more case.
func (b budget) timeLeft() bool { return time.Now().Before(b.end) }

// seededRandom is a test's source of randomness. It logs the seed that repeats it.
func seededRandom(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("VIRGO_TORTURE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("VIRGO_TORTURE_SEED=%q is no seed", text)
		}
	}
	t.Logf("VIRGO_TORTURE_SEED=%d repeats the draws", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// report notes how many cases a test tried. None is a failure: such a test shows nothing.
func report(t testing.TB, name string, cases int) {
	t.Helper()
	t.Logf("torture: %s: %d cases", name, cases)
	if cases <= 0 {
		t.Errorf("%s tried nothing", name)
	}
	path := os.Getenv("VIRGO_TORTURE_REPORT")
	if path == "" || t.Failed() {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s %d\n", name, cases); err != nil {
		t.Fatal(err)
	}
}
