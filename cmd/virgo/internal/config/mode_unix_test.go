//go:build unix

package config

import (
	"errors"
	"strings"
	"testing"
)

func TestALooseFileWithATokenIsRefusedWithTheCommandThatMendsIt(t *testing.T) {
	plain := write(t, "virgo.yaml", "token: SECRET\n", 0o644)
	_, err := Load(plain, true, environment())
	checkRefused(t, err, "chmod 600 "+plain)

	file := write(t, "my token", "SECRET", 0o640)
	c, err := Load(write(t, "virgo.yaml", "token: file:"+file+"\n", 0o644), true, environment())
	if err != nil {
		t.Fatalf("a reference is no secret: %v", err)
	}
	_, err = c.Token()
	checkRefused(t, err, "chmod 600 '"+file+"'")

	legacy := write(t, "agent.cfg", "monitoring_token SECRET\n", 0o604)
	_, err = Load(legacy, true, environment())
	checkRefused(t, err, "chmod 600 "+legacy)
}

func checkRefused(t *testing.T, err error, hint string) {
	t.Helper()
	var o *OwnersError
	if !errors.As(err, &o) || o.Hint() != hint {
		t.Errorf("got %v with hint %q, want %q", err, o.Hint(), hint)
	}
	if strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the secret is in %v", err)
	}
}
