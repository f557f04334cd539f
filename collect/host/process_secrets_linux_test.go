package host

import (
	"encoding/json"
	"strings"
	"testing"

	"virgo/schedule"
)

// Whatever a check counts, nothing of the processes' command lines is in its result, nor a secret that
// its own pattern has.
func TestProcessResultsHaveNoCommandLine(t *testing.T) {
	as := sleeper(t)
	const secret = "plantedword"
	child(t, nil, "/bin/sh", "sh", "-c", "read x", as, "--password="+secret, "-p"+secret, secret)
	for _, details := range []schedule.Details{
		{"name": "sh", "match": as},
		{"name": "sh", "match": as, "min": "9"},
		{"name": "sh", "match": as, "max": "0"},
		{"match": "--password=" + secret, "min": "9"},
		{"match": "--password=" + secret, "name": "no-such-program"},
		{"match": "--password=" + secret, "name": "sh"},
		{"match": as, "user": "no-such-user"},
	} {
		report, err := processCheck(t).Check(t.Context(), requestWith(details))
		status := report.Status
		if err != nil {
			status += err.Error()
		}
		b, jsonErr := json.Marshal(report.Metrics)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		if strings.Contains(status+string(b), secret) || strings.Contains(string(b), as) {
			t.Errorf("%v: %s %s", details, status, b)
		}
	}
}
