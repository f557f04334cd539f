//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// Without a virgo that can be its worker, virgo-run runs and delivers the checks of the host. A check
// of a service has a result that says why, and so has the answer to an endpoint that asks.
func TestRunWithoutWorker(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, path string) error
		status string // a part of the result's status, and of the answers unless works
		works  bool
	}{
		{"virgo", nil, "connection refused", true},
		{"missing", func(_ *testing.T, path string) error { return os.Remove(path) }, "virgo-run leaves this to virgo, which cannot be started: the program virgo is not in ", false},
		{"another build", otherBuild, "an upgrade is under way", false},
		{"others may write", func(_ *testing.T, path string) error { return os.Chmod(path, 0o757) }, "is writable by others (mode 0757)", false},
		{"unreadable", func(_ *testing.T, path string) error { return os.Chmod(path, 0o311) }, "virgo: permission denied", false},
		{"not executable", func(_ *testing.T, path string) error { return os.Chmod(path, 0o644) }, "is not executable (mode 0644)", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := collecttest.Folder(t)
			for _, name := range []string{"virgo-run", "virgo"} {
				copyFile(t, filepath.Join(programs(t), name), filepath.Join(folder, name))
			}
			if tt.change != nil {
				if err := tt.change(t, filepath.Join(folder, "virgo")); err != nil {
					t.Fatal(err)
				}
			}
			s := &situation{
				files: with("virgo.yaml", "agent_id: a\nendpoint: ENDPOINT\npin: PIN\ntoken: secret\n",
					"checks.d/tcp.yaml", "id: tcp\ntype: remote.tcp\nperiod: 86400\ndetails:\n  target: 127.0.0.1\n  port: 1\n"),
				endpoint: &transporttest.Script{Requests: []transporttest.Request{
					{Method: transport.MethodHostInfo, Params: json.RawMessage(`{"type": "cpu"}`)},
					{Method: transport.MethodHostInfo, Params: json.RawMessage(`{"type": "memory"}`)},
				}},
			}
			h := newHost(t, hostFolder(t), s)
			cmd := h.command(s, filepath.Join(folder, "virgo-run"), "--strict")
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			h.endpoint.Close()
			stored := h.endpoint.Stored()
			if len(stored) != 2 {
				t.Fatalf("%d results delivered: %+v", len(stored), stored)
			}
			for _, r := range stored {
				var result struct{ CheckID, Status string }
				if err := json.Unmarshal(bytes.ReplaceAll(r.Params, []byte("check_id"), []byte("CheckID")), &result); err != nil {
					t.Fatal(err)
				}
				want := map[string]string{"mem": "success", "tcp": tt.status}[result.CheckID]
				if want == "" || !strings.Contains(result.Status, want) {
					t.Errorf("the status of %q is %q, want %q", result.CheckID, result.Status, want)
				}
			}
			answers := h.endpoint.Answers()
			if len(answers) != 2 {
				t.Fatalf("%d answers: %+v", len(answers), answers)
			}
			for _, a := range answers {
				if (a.Error == nil) != tt.works || a.Error != nil && !strings.Contains(a.Error.Message, tt.status) {
					t.Errorf("the answer is %s, error %v; want %q", a.Result, a.Error, tt.status)
				}
			}
		})
	}
}
