package alarm

import (
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

func TestThresholdsOfTheDefaultRules(t *testing.T) {
	e := newEndpoint(t, nil)
	e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(50)...))
	found := map[rule.State]watch.Threshold{}
	for _, one := range e.Thresholds("web1") {
		if one.Rule == "disk" && one.Metric == "used" {
			found[one.State] = one
		}
	}
	want := watch.Threshold{CheckID: "root", Metric: "used", Rule: "disk", Value: 90, Percent: true, Above: true, State: rule.Warning}
	if found[rule.Warning] != want || found[rule.Critical].Value != 97 {
		t.Errorf("%+v", found)
	}
	if got := e.Thresholds("nobody"); got != nil {
		t.Errorf("%+v", got)
	}
}
