package renewal

import (
	"errors"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/signature"
)

// A bundle that was refused for its key is taken as soon as the settings have that key: the next run asks, pause or not.
// Until then it is fetched no more, unless a person asks.
func TestAnotherKeyOfTheSettings(t *testing.T) {
	s := newSite(t)
	other := newSigner(t)
	s.Keys = "one"
	due := func(keys string) installed.Reason {
		r := s.summary().Renewal
		if reason := r.Due(s.now, 0, "web-1"); reason != "" {
			return reason
		}
		if r.HasOtherKeys(func() string { return keys }) {
			return installed.ReasonKeys
		}
		return ""
	}
	s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), other)
	var refused *RefusedError
	if _, err := s.run(); !errors.As(err, &refused) || !errors.Is(err, signature.ErrUnknownKey) {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	if out, err := s.run(); err != nil || out.NotTaken == nil {
		t.Fatalf("with the same keys: %+v, %v", out, err)
	}
	if got := due("one"); got != "" {
		t.Errorf("due for %q", got)
	}
	if got := due("two"); got != installed.ReasonKeys {
		t.Errorf("with another key: due for %q", got)
	}
	s.Allow.Paused = true
	if _, err := s.run(); !errors.As(err, &refused) {
		t.Errorf("a person waits for a pause: %v", err)
	}
	s.Allow.Paused = false
	s.Keys, s.Verifier.Ring = "two", append(s.Verifier.Ring, other.Key())
	if out, err := s.run(); err != nil || out.After.Version != "2.0.0" {
		t.Fatalf("with the key: %+v, %v", out, err)
	}
	if got := due("three"); got != "" {
		t.Errorf("after it was taken: due for %q", got)
	}
}

// Without a connection, another key of the settings lets one run ask, and not each.
func TestAnotherKeyIsTriedOnce(t *testing.T) {
	s := newSite(t)
	s.Keys = "one"
	s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), newSigner(t))
	var refused *RefusedError
	if _, err := s.run(); !errors.As(err, &refused) {
		t.Fatal(err)
	}
	s.Keys = "two"
	s.Link.Endpoints = nil
	if _, err := s.run(); err == nil {
		t.Fatal("it asked nobody and succeeded")
	}
	if s.summary().Renewal.HasOtherKeys(func() string { return "two" }) {
		t.Error("the next run asks again for the same keys")
	}
}
