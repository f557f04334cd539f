package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSplay(t *testing.T) {
	seen := make(map[time.Duration]bool)
	for i := range 1000 {
		id := fmt.Sprintf("host-%d", i)
		d := Splay(id, 30*time.Second)
		if d < 0 || d >= 30*time.Second || d%time.Second != 0 || d != Splay(id, 30*time.Second) {
			t.Fatalf("splay of %s is %s", id, d)
		}
		seen[d] = true
	}
	if len(seen) != 30 {
		t.Errorf("a thousand hosts use %d of 30 seconds", len(seen))
	}
}

func TestSplayBelowASecond(t *testing.T) {
	for _, limit := range []time.Duration{0, -time.Second, 999 * time.Millisecond, time.Second} {
		if d := Splay("a", limit); d != 0 {
			t.Errorf("splay within %s is %s", limit, d)
		}
	}
}

// The ids must not change between versions: the endpoint would see another agent.
func TestAgentID(t *testing.T) {
	for host, want := range map[string]string{
		"web-1": "web-1-bf592312", "Web_1.Example.COM": "web-1.example.com-bf592312", "": "host-bf592312",
		"-.x.-": "x-bf592312", "...": "host-bf592312", "é": "host-bf592312",
		strings.Repeat("x", 300): strings.Repeat("x", maxHostBytes) + "-bf592312",
	} {
		if got := agentID(host, "m"); got != want {
			t.Errorf("%q: %s, want %s", host, got, want)
		}
	}
}

func TestDefaultAgentID(t *testing.T) {
	id := DefaultAgentID()
	if id != DefaultAgentID() {
		t.Error("not stable")
	}
	if err := checkAgentID(id); err != nil {
		t.Error(err)
	}
	if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(id, ".") || strings.HasPrefix(id, "-") {
		t.Errorf("%q is not a plain file name", id)
	}
	at := strings.LastIndex(id, "-")
	if at < 1 || len(id)-at != 9 {
		t.Errorf("%q does not end with 8 digits", id)
	}
	if m := machineID(); len(m) > 8 && strings.Contains(id, m[:8]) {
		t.Error("it contains the machine id, which machine-id(5) forbids")
	}
}

// The agents of one host's users have ids of their own, which do not change.
func TestUserAgentID(t *testing.T) {
	ids := map[string]bool{DefaultAgentID(): true, UserAgentID(1000): true, UserAgentID(1001): true}
	ids[UserAgentID(1000)] = true
	if len(ids) != 3 {
		t.Errorf("ids %v", ids)
	}
	if err := checkAgentID(UserAgentID(1000)); err != nil {
		t.Error(err)
	}
}
