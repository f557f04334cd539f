package program

import (
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

func TestProgramHasTheDefaultTimerSlack(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	out, err := Output(t.Context(), "sh", "-c", collecttest.PrintTimerSlack)
	if got := strings.TrimSpace(string(out)); err != nil || got != collecttest.DefaultTimerSlack {
		t.Errorf("its timer slack is %s ns, want %s; %v", got, collecttest.DefaultTimerSlack, err)
	}
}
