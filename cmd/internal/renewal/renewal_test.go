package renewal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/signature"
	"virgo/transport"
)

func TestRenewal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.run(); err == nil { // an endpoint without the method
		t.Error("no error")
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.offer = map[string]any{"version": "0.0.0-0"} })
	out, err := s.run()
	if err != nil || out.Offered != "" || s.current() != "" || s.summary().Renewal.AskedMS != s.now.UnixMilli() || s.summary().Renewal.Failures != 0 {
		t.Errorf("%+v, %v, %+v", out, err, s.summary())
	}
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	out, err = s.run()
	if err != nil || out.After.Version != "1.0.0" || s.current() != "1.0.0" || s.summary().Text() != "trial" {
		t.Fatalf("%+v, %v, %+v", out, err, s.summary())
	}
	s.expectAsked("bundle-standard-1.0.0.zip.minisig", "bundle-standard-1.0.0.zip")
	out, err = s.run()
	if err != nil || out.NotTaken == nil || !out.NotTaken.Same {
		t.Errorf("%+v, %v", out, err)
	}
	s.expectAsked()
	s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), s.signer)
	if out, err = s.run(); err != nil || out.Before.Version != "1.0.0" || out.After.Version != "2.0.0" {
		t.Errorf("%+v, %v", out, err)
	}
	if entries, err := os.ReadDir(s.Folder.Dir); err != nil || len(entries) != 6 {
		t.Errorf("files %v, %v", entries, err)
	}
}

// What the endpoint offers and this host does not take. Nothing of it is installed, and it is not fetched again soon.
func TestRefused(t *testing.T) {
	t.Parallel()
	other := newSigner(t)
	changed := build(t, "standard", "2.0.0", "", 100)
	for _, tt := range []struct {
		name    string
		prepare func(s *site)
		want    string
		body    bool // the file is fetched
	}{
		{"another key", func(s *site) { s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), other) },
			"signed by the key " + other.Key().ID + ", which is not trusted here", false},
		{"a revoked key", func(s *site) {
			s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), s.signer)
			s.Verifier.Ring[0].Revoked = true
		}, "which is revoked", true},
		{"an expired key", func(s *site) {
			s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), s.signer)
			s.Verifier.Ring[0].Until = s.now.Add(-time.Hour)
		}, "which expired on", true},
		{"changed", func(s *site) {
			s.publish("2.0.0", changed, s.signer)
			s.endpoint.set(func(f *fakeEndpoint) {
				b := append([]byte(nil), changed...)
				b[len(b)/2] ^= 1
				f.files["/upgrades/stable/bundle-standard-2.0.0.zip"] = b
			})
		}, "does not fit: the file or the signature was changed", true},
		{"another bundle", func(s *site) { s.publish("2.0.0", build(t, "mine", "2.0.0", "", 0), s.signer) },
			`it is bundle "mine", and this host follows "standard" (bundle_name)`, true},
		{"another version", func(s *site) { s.publish("2.0.0", build(t, "standard", "1.5.0", "", 0), s.signer) },
			"the endpoint offers version 2.0.0 and sends 1.5.0", true},
		{"a later agent", func(s *site) { s.publish("2.0.0", build(t, "standard", "2.0.0", "1.1.0", 0), s.signer) },
			"the bundle needs virgo 1.1.0, and this is 1.0.0", true},
		{"no bundle, signed", func(s *site) { s.publish("2.0.0", []byte("#!/bin/sh\n"), s.signer) }, "zip", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
			if _, err := s.run(); err != nil {
				t.Fatal(err)
			}
			s.endpoint.asked()
			tt.prepare(s)
			out, err := s.run()
			var refused *RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v, want %q", out, err, tt.want)
			}
			if s.current() != "1.0.0" || !strings.HasPrefix(s.summary().Text(), "trial") {
				t.Errorf("current %q, %+v", s.current(), s.summary())
			}
			if asked := s.endpoint.asked(); (len(asked) == 2) != tt.body {
				t.Errorf("asked for %q", asked)
			}
			if tt.name == "changed" {
				return // the offer is of the unchanged file
			}
			s.now = s.now.Add(2 * time.Hour)
			if out, err := s.run(); err != nil || out.NotTaken == nil {
				t.Errorf("again: %+v, %v", out, err)
			}
			s.expectAsked()
			s.now = s.now.Add(23 * time.Hour)
			if _, err := s.run(); !errors.As(err, &refused) {
				t.Errorf("a day later: %v", err)
			}
		})
	}
}

// An endpoint that offers another bundle in each session which is not taken does not get a process of each run to wait
// for it. One mistake of an honest endpoint's owner, which the next version mends, costs no time.
func TestPauseAfterRefusals(t *testing.T) {
	t.Parallel()
	s, other := newSite(t), newSigner(t)
	for n := 1; ; n++ {
		version := fmt.Sprintf("2.0.%d", n)
		s.publish(version, build(t, "standard", version, "", 0), other)
		var refused *RefusedError
		if _, err := s.run(); !errors.As(err, &refused) {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Minute)
		if s.summary().Renewal.Due(s.now, s.now.UnixMilli(), "web-1") != "" {
			if n > refusalsOfADay {
				t.Fatalf("asked again after %d", n)
			}
			continue
		}
		if n != refusalsOfADay+1 {
			t.Errorf("a pause after %d", n)
		}
		break
	}
	s.now = s.now.Add(transport.RenewalPause)
	if s.summary().Renewal.Due(s.now, s.now.UnixMilli(), "web-1") == "" {
		t.Error("the pause does not end")
	}
	s.publish("3.0.0", build(t, "standard", "3.0.0", "", 0), s.signer)
	if out, err := s.run(); err != nil || out.After.Version != "3.0.0" {
		t.Errorf("%+v, %v", out, err)
	}
}

// A host that cannot check a bundle now, because somebody has filled /tmp, takes it once it can, and fetches nothing again.
func TestNotCheckedIsNoRefusal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	full := true
	s.Verifier.Declares = func(context.Context, installed.Candidate, *scriptbundle.Bundle) error {
		if full {
			return fmt.Errorf("%w: no space left on device", installed.ErrNotChecked)
		}
		return nil
	}
	var refused *RefusedError
	if _, err := s.run(); err == nil || errors.As(err, &refused) {
		t.Fatal(err)
	}
	if r := s.summary().Renewal; r.UntilMS <= s.now.UnixMilli() || r.UntilMS >= s.now.Add(refusedFor).UnixMilli() {
		t.Errorf("the pause: %+v", r)
	}
	full = false
	s.endpoint.asked()
	s.now = s.now.Add(transport.RenewalPause)
	if out, err := s.run(); err != nil || out.After.Version != "1.0.0" {
		t.Errorf("%+v, %v", out, err)
	}
	s.expectAsked()
}

// Offers that are not fetched at all.
func TestNotFetched(t *testing.T) {
	t.Parallel()
	good := hexOf([]byte("x"))
	for name, offer := range map[string]map[string]any{
		"no version":          {"version": "latest", "file": "a.zip", "size": 1, "sha256": good},
		"a path":              {"version": "2.0.0", "file": "../../etc/passwd", "size": 1, "sha256": good},
		"a hidden file":       {"version": "2.0.0", "file": ".x", "size": 1, "sha256": good},
		"a query":             {"version": "2.0.0", "file": "a?b", "size": 1, "sha256": good},
		"a line":              {"version": "2.0.0", "file": "a\r\nX: y", "size": 1, "sha256": good},
		"a long name":         {"version": "2.0.0", "file": strings.Repeat("a", 300), "size": 1, "sha256": good},
		"a bomb":              {"version": "2.0.0", "file": "a.zip", "size": 1 << 40, "sha256": good},
		"a negative size":     {"version": "2.0.0", "file": "a.zip", "size": -1, "sha256": good},
		"another hash":        {"version": "2.0.0", "file": "a.zip", "size": 1, "sha256": "../../x"},
		"an older version":    {"version": "0.9.0", "file": "a.zip", "size": 1, "sha256": good},
		"the same, changed":   {"version": "1.0.0", "file": "a.zip", "size": 1, "sha256": good},
		"a release candidate": {"version": "1.0.0-rc.1", "file": "a.zip", "size": 1, "sha256": good},
	} {
		s := newSite(t)
		s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		s.endpoint.asked()
		s.endpoint.set(func(f *fakeEndpoint) { f.offer = offer })
		out, err := s.run()
		if err == nil && out.NotTaken == nil || s.current() != "1.0.0" {
			t.Errorf("%s: %+v, %v, current %q", name, out, err, s.current())
		}
		s.expectAsked()
		// The endpoint says in each session that there is another one.
		if r := s.summary().Renewal; r.Due(s.now.Add(time.Second), s.now.Add(time.Second).UnixMilli(), "web-1") != "" {
			t.Errorf("%s: asked again at once: %+v", name, r)
		}
	}
}

// A download that is cut goes on where it ended, over many runs.
func TestCut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := build(t, "standard", "1.0.0", "", 600<<10)
	s.publish("1.0.0", content, s.signer)
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = 0 })
	out, err := s.run()
	if err == nil || out.Unfinished || s.summary().Renewal.UntilMS != s.now.Add(transport.RenewalBackoff).UnixMilli() {
		t.Errorf("nothing fetched: %+v, %v, %+v", out, err, s.summary().Renewal)
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = 200_001 })
	for n := range 3 {
		out, err := s.run()
		if err == nil || !out.Unfinished || !s.summary().Renewal.Unfinished || s.current() != "" {
			t.Fatalf("run %d: %+v, %v", n, out, err)
		}
		if s.summary().Renewal.Due(s.now, 0, "web-1") == "" {
			t.Error("the next run does not continue")
		}
	}
	if out, err = s.run(); err != nil || out.After.Version != "1.0.0" {
		t.Errorf("%+v, %v", out, err)
	}
	s.expectAsked("bundle-standard-1.0.0.zip.minisig", "bundle-standard-1.0.0.zip", "bundle-standard-1.0.0.zip",
		"bundle-standard-1.0.0.zip bytes=200001-", "bundle-standard-1.0.0.zip bytes=400002-", "bundle-standard-1.0.0.zip bytes=600003-")
	if s.summary().Renewal.Unfinished {
		t.Error("still unfinished")
	}
}

// What was fetched of one version is not continued with another, nor with another content.
func TestCutAndReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 300<<10), s.signer)
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = 200_000 })
	if out, err := s.run(); err == nil || !out.Unfinished {
		t.Fatalf("%+v, %v", out, err)
	}
	s.publish("1.1.0", build(t, "standard", "1.1.0", "", 300<<10), s.signer)
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = -1 })
	if out, err := s.run(); err != nil || out.After.Version != "1.1.0" {
		t.Fatalf("%+v, %v", out, err)
	}
	s.endpoint.asked()
	// An endpoint that does not know ranges, or has another file by now, sends the whole.
	for _, version := range []string{"1.2.0", "1.3.0"} {
		content := build(t, "standard", version, "", 300<<10)
		s.publish(version, content, s.signer)
		s.endpoint.set(func(f *fakeEndpoint) { f.cut = 100_000 })
		if out, err := s.run(); err == nil || !out.Unfinished {
			t.Fatalf("%+v, %v", out, err)
		}
		s.endpoint.set(func(f *fakeEndpoint) {
			f.cut, f.noRange = -1, version == "1.2.0"
			if version == "1.3.0" {
				f.tag = `"another"`
			}
		})
		if out, err := s.run(); err != nil || out.After.Version != version {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	// Longer than it said: nothing of it is kept.
	s.endpoint.set(func(f *fakeEndpoint) { f.noRange, f.tag = false, "" })
	content := build(t, "standard", "1.4.0", "", 1000)
	s.publish("1.4.0", content, s.signer)
	s.endpoint.set(func(f *fakeEndpoint) {
		f.files["/upgrades/stable/bundle-standard-1.4.0.zip"] = append(content[:len(content):len(content)], make([]byte, 1<<20)...)
	})
	if out, err := s.run(); !errors.Is(err, errAnotherFile) || out.Unfinished || s.current() != "1.3.0" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	s.endpoint.set(func(f *fakeEndpoint) { f.dial = errors.New("no network") })
	for n := range 3 {
		if _, err := s.run(); err == nil {
			t.Fatal("no error")
		}
		want := transport.RenewalBackoff << n
		if r := s.summary().Renewal; r.Failures != n+1 || r.UntilMS != s.now.Add(want).UnixMilli() || !strings.Contains(r.Error, "no network") {
			t.Errorf("%+v, want a pause of %s", r, want)
		}
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.dial, f.refuse = nil, 503 })
	if _, err := s.run(); err == nil || !strings.Contains(err.Error(), "HTTP status 503") || s.summary().Renewal.UntilMS != s.now.Add(2*time.Hour).UnixMilli() {
		t.Errorf("%v, %+v", err, s.summary().Renewal)
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.refuse = 404 })
	if _, err := s.run(); !errors.Is(err, signature.ErrUnsigned) {
		t.Error(err)
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.refuse = 0 })
	s.Verifier.Ring = nil
	if _, err := s.run(); !errors.Is(err, ErrNoSigners) {
		t.Error(err)
	}
	s.Verifier.Ring = signature.Ring{s.signer.Key()}
	if _, err := s.run(); err != nil || s.summary().Renewal.Failures != 0 || s.summary().Renewal.Error != "" {
		t.Errorf("%v, %+v", err, s.summary().Renewal)
	}
	l, err := s.Folder.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if _, err := s.run(); !errors.Is(err, installed.ErrBusy) {
		t.Error(err)
	}
}

// An endpoint cannot make a host fetch without end.
func TestAmountOfADay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := build(t, "standard", "1.0.0", "", 7<<20)
	s.publish("1.0.0", content, s.signer)
	s.endpoint.set(func(f *fakeEndpoint) { f.cut, f.noRange = 0, true })
	runs := 0
	for ; runs < 100; runs++ {
		var ofDay *dayError
		if _, err := s.run(); errors.As(err, &ofDay) {
			break
		}
	}
	if want := maxFetchedADay / len(content); runs != want {
		t.Errorf("%d runs, want %d", runs, want)
	}
	if r := s.summary().Renewal; r.UntilMS < s.now.Add(transport.MaxRenewalBackoff).UnixMilli() {
		t.Errorf("%+v", r)
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = -1 })
	s.now = s.now.Add(day)
	if out, err := s.run(); err != nil || out.After.Version != "1.0.0" {
		t.Errorf("the day after: %+v, %v", out, err)
	}
}

// A file that was damaged on the disk is fetched again.
func TestDamagedOnTheDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(s.Folder.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".zip") {
			if err := os.WriteFile(s.Folder.Dir+"/"+e.Name(), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.current() != "" {
		t.Error("a damaged bundle is used")
	}
	if _, err := s.run(); err != nil || s.current() != "1.0.0" || len(s.notices) != 1 {
		t.Errorf("%v, current %q, notices %q", err, s.current(), s.notices)
	}
}
