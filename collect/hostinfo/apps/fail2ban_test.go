package apps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

// Names of jails come from the server: none is an option of the client, and only some are queried.
func TestJailsThatAreQueried(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"usr/bin/fail2ban-client": "", "etc/fail2ban/jail.conf": "", "run/fail2ban/fail2ban.sock": "",
	}, nil)
	names := []string{"--help", "sshd"}
	for i := range 2 * maxQueriedJails {
		names = append(names, fmt.Sprintf("jail%d", i))
	}
	var queried []string
	h.Output = func(_ context.Context, _ string, args ...string) ([]byte, error) {
		if len(args) == 1 {
			return []byte("`- Jail list:\t" + strings.Join(names, ", ") + "\n"), nil
		}
		queried = append(queried, args[1])
		return []byte("   |- Currently banned:\t1\n   `- Banned IP list:\t192.0.2.1\n"), nil
	}
	got := sourcetest.Read[fail2ban](t, h, fail2banType())
	if slices.Contains(queried, "--help") || len(queried) != maxQueriedJails-1 || queried[0] != "sshd" {
		t.Errorf("%d queries: %v", len(queried), queried)
	}
	want := fail2banBanned{"192.0.2.1", "sshd"}
	if len(got.Banned) != len(queried) || got.Banned[0] != want || got.Jails[0].CurrentlyBanned != 1 {
		t.Errorf("%+v", got)
	}
}
