package main

import (
	"strings"
	"testing"
)

func TestUnavailable(t *testing.T) {
	for document, want := range map[string]string{
		`{"results":[]}`: "",
		`{"results":[{"agent_id":"host","check_id":"disk","state":"unavailable","status":"no disks"},{"agent_id":"host","check_id":"added0","state":"available"}]}`:       "",
		`{"results":[{"agent_id":"host","check_id":"added0","state":"available"},{"agent_id":"host","check_id":"added1","state":"unavailable","status":"no such file"}]}`: `check added1 of host was unavailable: "no such file"`,
		`results`: "reading virgo-endpoint results",
	} {
		err := unavailable([]byte(document))
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
}
