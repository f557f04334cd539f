package airgap

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"virgo/cmd/internal/link"
	"virgo/transport/transporttest"
)

func TestCheckKeyRemembersTheFirst(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	h := sealedBundle(t).Header()
	other := h
	other.Key = bytes.Clone(h.Key)
	other.Key[0] ^= 1
	ctx := context.Background()
	for range 2 {
		if err := CheckKey(ctx, b.Spool, h, false); err != nil {
			t.Fatal(err)
		}
	}
	var e *KeyError
	err := CheckKey(ctx, b.Spool, other, false)
	if !errors.As(err, &e) || e.Was != KeyName(h.Key) || e.Is != KeyName(other.Key) {
		t.Errorf("%v", err)
	}
	if err := CheckKey(ctx, b.Spool, other, true); err != nil {
		t.Error(err)
	}
	if err := CheckKey(ctx, b.Spool, h, false); !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
}

func TestOwnKey(t *testing.T) {
	dir := t.TempDir()
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys { // at once: one of them makes it
		all.Add(1)
		go func() {
			defer all.Done()
			key, err := OwnKey(dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		}()
	}
	all.Wait()
	for _, k := range keys {
		if k != keys[0] || k == "" {
			t.Fatal("two keys were made")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	path := filepath.Join(dir, KeyFile)
	var owners *link.ConfigError
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := OwnKey(dir); !errors.As(err, &owners) {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	for _, text := range []string{"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OwnKey(dir); !errors.As(err, &owners) {
			t.Errorf("%q: %v", text, err)
		}
		if left, _ := os.ReadFile(path); string(left) != text {
			t.Errorf("%q was written over", text)
		}
	}
}
