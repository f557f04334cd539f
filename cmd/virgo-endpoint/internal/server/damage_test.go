package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

type damagedIntake struct{ intake.Intake }

func (damagedIntake) Append(context.Context, []intake.Arrival) ([]intake.Outcome, error) {
	return nil, fmt.Errorf("storing: %w", intake.ErrDamaged)
}

// A damaged store acknowledges nothing, and the log says so once.
func TestADamagedStoreIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	c := startCommitter(damagedIntake{}, slog.New(slog.NewTextHandler(&log, nil)))
	for range 5 {
		s := c.submit(intake.Arrival{AgentID: "a"}, nil)
		<-s.done
		if s.err != errNotStored {
			t.Errorf("outcome: %v", s.err)
		}
	}
	c.close()
	if n := strings.Count(log.String(), "the store is damaged"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
}
