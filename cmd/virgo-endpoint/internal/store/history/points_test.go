package history

import (
	"context"
	"errors"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// endless are more results than a view reads.
type endless struct{ Arrivals }

func (endless) Of(_ context.Context, _, _ int64, fn func(*intake.Result) error) error {
	r := intake.Result{CheckID: "c", CheckType: "t", Time: time.UnixMilli(1_700_000_000_000), Params: []byte(`{}`)}
	r.Received = r.Time
	for range 2 * maxOpen {
		if err := fn(&r); err != nil {
			return err
		}
	}
	return nil
}

func TestWhatIsNotInColumnsIsBounded(t *testing.T) {
	var h *History
	if _, err := h.Series(t.Context(), endless{}, 1); !errors.Is(err, intake.ErrHistoryBehind) {
		t.Errorf("%v", err)
	}
}
