//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/schedule/yaml/full"
)

func TestSecretFileMustBePrivate(t *testing.T) {
	plain := write(t, "virgo.yaml", "token: SECRET\n", 0o644)
	_, err := strictly(plain, true, environment(), full.Parse)
	checkHint(t, err, "chmod 600 "+plain)

	file := write(t, "my token", "SECRET", 0o640)
	c, err := strictly(write(t, "virgo.yaml", "token: file:"+file+"\n", 0o644), true, environment(), full.Parse)
	if err != nil {
		t.Fatalf("a reference is not a secret: %v", err)
	}
	_, err = c.Token()
	checkHint(t, err, "chmod 600 '"+file+"'")

	proxy := write(t, "virgo.yaml", "proxy: http://u:SECRET@p:1\n", 0o644)
	_, err = strictly(proxy, true, environment(), full.Parse)
	checkHint(t, err, "chmod 600 "+proxy)
	if _, err = strictly(write(t, "virgo.yaml", "proxy: http://p:1\n", 0o644), true, environment(), full.Parse); err != nil {
		t.Errorf("a proxy without a password is not a secret: %v", err)
	}

	legacy := write(t, "agent.cfg", "monitoring_token SECRET\n", 0o604)
	_, err = strictly(legacy, true, environment(), full.Parse)
	checkHint(t, err, "chmod 600 "+legacy)
}

func TestSecretFileMustBePrivateEvenIfOverridden(t *testing.T) {
	path := write(t, "virgo.yaml", "token: SECRET\n", 0o644)
	_, err := strictly(path, true, environment("VIRGO_TOKEN", "other"), full.Parse)
	checkHint(t, err, "chmod 600 "+path)
}

func TestCheckPrivateChecksEveryBit(t *testing.T) {
	for bit := fs.FileMode(1); bit < 0o1000; bit <<= 1 {
		err := checkPrivate("f", 0o600|bit)
		if want := bit&0o077 != 0; (err != nil) != want {
			t.Errorf("mode %o: %v", 0o600|bit, err)
		}
	}
}

func TestPipesAreRejected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := strictly(path, true, environment(), full.Parse); !IsError(err) {
		t.Errorf("configuration: %v", err)
	}
	c := Config{}
	c.SetToken("file:" + path)
	if _, err := c.Token(); !IsError(err) {
		t.Errorf("token: %v", err)
	}
}

func TestImportWarnsOfMode(t *testing.T) {
	c, err := ImportLegacy(write(t, "agent.cfg", "monitoring_token SECRET\n", 0o644))
	if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "mode 0644") {
		t.Errorf("warnings %v, %v", c.Warnings, err)
	}
}

func checkFileIsPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func checkHint(t *testing.T, err error, hint string) {
	t.Helper()
	var o *Error
	if !errors.As(err, &o) || o.Hint() != hint {
		t.Errorf("got %v with hint %q, want %q", err, o.Hint(), hint)
	}
	if strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the error contains the secret: %v", err)
	}
}
