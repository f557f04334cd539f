package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSplayIsFixedAndWithinItsBound(t *testing.T) {
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

func TestSplayOfNothing(t *testing.T) {
	for _, most := range []time.Duration{0, -time.Second, 999 * time.Millisecond, time.Second} {
		if d := Splay("a", most); d != 0 {
			t.Errorf("splay within %s is %s", most, d)
		}
	}
}

func TestDefaultAgentIDIsStableAndPlain(t *testing.T) {
	id := DefaultAgentID()
	if id != DefaultAgentID() {
		t.Error("not stable")
	}
	if err := checkAgentID(id); err != nil {
		t.Error(err)
	}
	if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(id, ".") || strings.HasPrefix(id, "-") {
		t.Errorf("%q is no plain file name", id)
	}
	at := strings.LastIndex(id, "-")
	if at < 1 || len(id)-at != 9 {
		t.Errorf("%q does not end with 8 digits", id)
	}
	if m := machineID(); len(m) > 8 && strings.Contains(id, m[:8]) {
		t.Error("the machine's id itself is in it, see machine-id(5)")
	}
}
