package releases

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule/scriptbundle"
	"virgo/schedule/signature"
)

// at is the endpoint's time in these tests.
var at = time.UnixMilli(1_800_000_000_000)

// A signer makes bundles and signs them; its key is known in what it publishes to.
type signer struct {
	signature.Signer
	public string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	secret, public, err := signature.Generate("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := signature.ReadSecret(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer{s, string(public)}
}

// bundle makes a bundle, and publishes it to channel stable for everybody.
func (s signer) bundle(t *testing.T, name, version, text string) Publication {
	t.Helper()
	b, err := scriptbundle.Build(scriptbundle.Manifest{Name: name, Version: version,
		Scripts: []scriptbundle.Script{{File: "hello.lua", Type: "script.hello", Summary: "hello"}}},
		map[string][]byte{"hello.lua": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return s.of(t, b)
}

func (s signer) of(t *testing.T, file []byte) Publication {
	t.Helper()
	sig, err := s.Sign(file, at)
	if err != nil {
		t.Fatal(err)
	}
	return Publication{File: file, Signatures: signature.Signatures{".minisig": sig}, Channel: "stable", Percent: 100}
}

func newStore(t *testing.T) *Store {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "upgrades"), slog.New(slog.DiscardHandler), func() time.Time { return at })
}

// publish publishes, with the signer's key.
func (s signer) publish(t *testing.T, to *Store, p Publication) (*Plan, error) {
	t.Helper()
	plan, err := to.Plan(p)
	if err != nil {
		return nil, err
	}
	return plan, to.Apply(plan)
}

func (s signer) mustPublish(t *testing.T, to *Store, p Publication) *Plan {
	t.Helper()
	plan, err := s.publish(t, to, p)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func change(t *testing.T, s *Store, f func(*Rollout) error) {
	t.Helper()
	plan, err := s.Change("stable", "standard", f)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(plan); err != nil {
		t.Fatal(err)
	}
}

// version is the one that an agent gets; "": none.
func version(s *Store, agent string, tags ...string) string {
	r := s.For(agent, "stable", "standard", func() []string { return tags })
	if r == nil {
		return ""
	}
	return r.Version
}

// What agents would refuse is not published, and nothing changes.
func TestPublishRefuses(t *testing.T) {
	by, stranger := newSigner(t), newSigner(t)
	s := newStore(t)
	first := by.bundle(t, "standard", "1.4.0", "return 1")
	if _, err := s.Plan(first); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
	first.Key = by.public
	by.mustPublish(t, s, first)
	withdrawn := by.bundle(t, "standard", "1.5.0", "return 5")
	by.mustPublish(t, s, withdrawn)
	change(t, s, (*Rollout).Back)
	before, err := os.ReadFile(filepath.Join(s.dir, channelsName))
	if err != nil {
		t.Fatal(err)
	}

	next := func(change func(p *Publication)) Publication {
		p := by.bundle(t, "standard", "1.6.0", "return 6")
		change(&p)
		return p
	}
	good := by.bundle(t, "standard", "1.6.0", "return 6").File
	for name, test := range map[string]struct {
		p    Publication
		want error // or
		text string
	}{
		"unsigned":                  {next(func(p *Publication) { p.Signatures = nil }), signature.ErrUnsigned, ""},
		"wrong key":                 {stranger.of(t, good), signature.ErrUnknownKey, ""},
		"changed":                   {next(func(p *Publication) { p.File = append(bytes.Clone(p.File), 0) }), signature.ErrBadSignature, ""},
		"signature of another file": {next(func(p *Publication) { p.Signatures = first.Signatures }), signature.ErrBadSignature, ""},
		"one signature of two":      {next(func(p *Publication) { p.Signatures[".sig"] = []byte("none") }), nil, "key"},
		"another ending":            {next(func(p *Publication) { p.Signatures[".asc"] = []byte("x") }), nil, "signature"},
		"older":                     {by.bundle(t, "standard", "1.3.9", "return 0"), ErrNotNewer, ""},
		"pre-release":               {by.bundle(t, "standard", "1.4.0-rc.1", "return 0"), ErrNotNewer, ""},
		"same version":              {by.bundle(t, "standard", "1.4.0", "return 2"), ErrExists, ""},
		"withdrawn":                 {withdrawn, ErrWithdrawn, ""},
		"withdrawn, in another channel": {func() Publication {
			p := withdrawn
			p.Channel = "beta"
			return p
		}(), ErrWithdrawn, ""},
		"no zip":             {by.of(t, []byte("#!/bin/sh\n")), nil, "zip"},
		"trailing data":      {by.of(t, append(bytes.Clone(good), "more"...)), nil, "follow"},
		"compressed":         {by.of(t, compressed(t)), nil, ""},
		"too large":          {Publication{File: make([]byte, MaxBytes+1), Channel: "stable"}, nil, "bytes"},
		"channel like a way": {next(func(p *Publication) { p.Channel = "../x" }), nil, "channel"},
		"hidden channel":     {next(func(p *Publication) { p.Channel = ".x" }), nil, "channel"},
		"percent":            {next(func(p *Publication) { p.Percent = 101 }), nil, "percent"},
		"bad key":            {next(func(p *Publication) { p.Key = "RWQ" }), nil, "key"},
	} {
		plan, err := s.Plan(test.p)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.text) {
			t.Errorf("%s: %+v, %v; want %v %s", name, plan, err, test.want, test.text)
		}
	}
	after, err := os.ReadFile(filepath.Join(s.dir, channelsName))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("channels.json changed: %s, %v", after, err)
	}
}

// compressed is a zip as others make it.
func compressed(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "{}")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is published is what is served, with its signature, and nothing else is.
func TestPublishAndServe(t *testing.T) {
	by := newSigner(t)
	s := newStore(t)
	if _, _, err := s.File("stable", "bundle-standard-1.4.0.zip"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
	p := by.bundle(t, "standard", "1.4.0", "return 1")
	p.Key = by.public
	plan := by.mustPublish(t, s, p)
	if plan.Before != nil || plan.NewKey == nil || plan.Release.SignedBy != by.Key().ID {
		t.Errorf("%+v", plan)
	}
	read := func(channel, name string) (string, string, error) {
		f, sum, err := s.File(channel, name)
		if err != nil {
			return "", "", err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		return string(data), sum, err
	}
	for name, want := range map[string][]byte{"bundle-standard-1.4.0.zip": p.File, "bundle-standard-1.4.0.zip.minisig": p.Signatures[".minisig"]} {
		if got, sum, err := read("stable", name); err != nil || got != string(want) || sum != hash(want) {
			t.Errorf("%s: %d bytes, %s, %v", name, len(got), sum, err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, of := range [][2]string{{"stable", "secret"}, {"stable", "channels.json"}, {"stable", "../secret"}, {"stable", "keys/x.pub"},
		{"beta", "bundle-standard-1.4.0.zip"}, {"", "stable/bundle-standard-1.4.0.zip"}, {"stable/", "bundle-standard-1.4.0.zip"},
		{"stable", "bundle-standard-1.4.0.zip\x00"}, {"stable", "bundle-standard-1.4.0.zip.sig"}, {"stable", ""}, {"..", "x"}} {
		if _, _, err := read(of[0], of[1]); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", of, err)
		}
	}
	// The same file again changes who gets it; in another channel it is the same file.
	p.Percent, p.Tags = 10, []string{"web"}
	by.mustPublish(t, s, p)
	beta := p
	beta.Channel = "beta"
	by.mustPublish(t, s, beta)
	c, err := s.Channels()
	if r := c.Rollout("stable", "standard"); err != nil || r.Percent != 10 || len(r.Releases) != 1 || r.Before != "" || c.Rollout("beta", "standard").Target != "1.4.0" {
		t.Errorf("%+v, %v", r, err)
	}
	// Another file in its place is not served, and neither is what a link leads to.
	path := filepath.Join(s.dir, "bundle-standard-1.4.0.zip")
	if err := os.WriteFile(path, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read("stable", "bundle-standard-1.4.0.zip"); err == nil {
		t.Error("a file of another size is served")
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, p.File, 0o600), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(outside, path) == nil {
		if _, _, err := read("stable", "bundle-standard-1.4.0.zip"); err == nil {
			t.Error("what a link leads to is served")
		}
	}
}

// A signature by a key that is expired or revoked meanwhile is refused, one by the next key is taken.
func TestKeysOfTheFolder(t *testing.T) {
	old, next := newSigner(t), newSigner(t)
	s := newStore(t)
	p := old.bundle(t, "standard", "1.0.0", "return 1")
	p.Key = old.public
	old.mustPublish(t, s, p)
	file := filepath.Join(s.dir, keysDir, old.Key().ID+".pub")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for conditions, want := range map[string]error{" revoked": signature.ErrRevokedKey, " until 2020-01-01": signature.ErrExpiredKey} {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(string(text))+conditions+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Plan(old.bundle(t, "standard", "1.1.0", "return 1")); !errors.Is(err, want) {
			t.Errorf("%s: %v", conditions, err)
		}
		// The same key without conditions, given by a person, changes nothing.
		again := old.bundle(t, "standard", "1.1.0", "return 1")
		again.Key = old.public
		if _, err := s.Plan(again); !errors.Is(err, want) {
			t.Errorf("%s, given again: %v", conditions, err)
		}
	}
	q := next.bundle(t, "standard", "1.1.0", "return 1")
	q.Key = next.public
	next.mustPublish(t, s, q)
	if got := version(s, "a"); got != "1.1.0" {
		t.Errorf("%q", got)
	}
}
