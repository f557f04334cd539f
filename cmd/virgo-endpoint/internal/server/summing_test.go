package server

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogLinesAreSummed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		sums := newSumming(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		log := slog.New(sums)
		for i := range 322 {
			log.With("remote", "192.0.2.1").Warn("connection closed", "n", i)
		}
		log.Error("connection closed") // of another kind
		for range 20 {
			log.Debug("connection ended")
		}
		if n := strings.Count(out.String(), "level=WARN"); n != sumFirst {
			t.Errorf("%d lines:\n%s", n, out.String())
		}
		if strings.Count(out.String(), "level=ERROR") != 1 || strings.Count(out.String(), "level=DEBUG") != 20 {
			t.Errorf("log:\n%s", out.String())
		}
		time.Sleep(sumTime)
		synctest.Wait()
		if !strings.Contains(out.String(), `level=WARN msg="… and 312 more in the last minute: connection closed"`+"\n") {
			t.Errorf("log:\n%s", out.String())
		}
		before := len(out.String())
		log.Warn("connection closed")
		if !strings.Contains(out.String()[before:], "connection closed") {
			t.Error("nothing is written in the next minute")
		}
		for range 15 {
			log.Warn("connection closed")
		}
		sums.flush()
		if !strings.Contains(out.String(), "… and 6 more") {
			t.Errorf("flush has lost a sum:\n%s", out.String())
		}
	})
}

// However many messages there are, the memory for them is bounded.
func TestKindsOfLogLinesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sums := newSumming(slog.DiscardHandler)
		sums.next = slog.NewTextHandler(&syncBuffer{}, nil)
		for i := range 10 * maxKinds {
			slog.New(sums).Warn(strings.Repeat("x", i))
		}
		if n := len(sums.kinds); n > maxKinds+1 {
			t.Errorf("%d kinds", n)
		}
		sums.flush()
	})
}

func TestLogIsSanitized(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newSumming(slog.NewJSONHandler(&out, nil)))
	log.With("agent", "a\x1b[2Jb").Warn("m", "error", errors.New("x\u202ey"), "long", strings.Repeat("z", 10_000))
	for _, bad := range []string{"\x1b", `\u001b`, "\u202e"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q in %s", bad, out.String())
		}
	}
	if out.Len() > 1000 {
		t.Errorf("%d bytes", out.Len())
	}
}
