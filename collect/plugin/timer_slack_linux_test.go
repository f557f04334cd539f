package plugin

import (
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

func TestPluginHasTheDefaultTimerSlack(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	dir := folder(t)
	script := "echo status $(" + collecttest.PrintTimerSlack + ")\n"
	for name, body := range map[string]string{"program": "#!/bin/sh\n" + script, "without an interpreter": script} {
		install(t, dir, name, body)
		report, err := checkIn(t.Context(), dir, schedule.Details{"file": name})
		if err != nil || report.Status != collecttest.DefaultTimerSlack {
			t.Errorf("%s: its timer slack is %s ns, want %s; %v", name, report.Status, collecttest.DefaultTimerSlack, err)
		}
	}
}
