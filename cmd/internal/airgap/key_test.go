package airgap

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"virgo/transport/agentkey"
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
	if !errors.As(err, &e) || e.Was != agentkey.Fingerprint(h.Key) || e.Is != agentkey.Fingerprint(other.Key) {
		t.Errorf("%v", err)
	}
	if err := CheckKey(ctx, b.Spool, other, true); err != nil {
		t.Error(err)
	}
	if err := CheckKey(ctx, b.Spool, h, false); !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
}
