package host

import (
	"strconv"
	"testing"

	"virgo/collect/collecttest"
)

// The child answers with its timer slack as the size of the file system.
func TestStatChildHasTheDefaultTimerSlack(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	script := "set -- $(" + collecttest.PrintTimerSlack + "); echo statfs $1 0 0 0 0 0"
	got, err := statByChild(t.Context(), []string{"/bin/sh", "-c", script}, "/")
	if ns := strconv.FormatUint(got.total, 10); err != nil || ns != collecttest.DefaultTimerSlack {
		t.Errorf("its timer slack is %s ns, want %s; %v", ns, collecttest.DefaultTimerSlack, err)
	}
}
