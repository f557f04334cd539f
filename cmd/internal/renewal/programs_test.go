package renewal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"virgo/schedule/signature"
)

// Programs come over a connection that is cut, each byte once, and only by a key of the settings.
func TestPrograms(t *testing.T) {
	s := newSite(t)
	folder := t.TempDir()
	wanted := true
	p := Programs{Link: s.Link, Folder: folder, Ring: signature.Ring{s.signer.Key()}, OS: "linux", Arch: "amd64", MaxBytes: 1 << 20,
		Wants: func(string) bool { return wanted }}
	fetch := func() (FetchedArchive, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		return p.Fetch(ctx)
	}
	left := func(want int) {
		t.Helper()
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != want {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	}
	if out, err := fetch(); err == nil || out.Version != "" {
		t.Errorf("of an endpoint that does not know the method: %+v, %v", out, err)
	}
	s.endpoint.set(func(f *fakeEndpoint) { f.offer = map[string]any{"version": "0.0.0-0"} })
	if out, err := fetch(); err != nil || out.Version != "" {
		t.Errorf("%+v, %v", out, err)
	}
	publish := func(version string, content []byte, by signature.Signer) {
		t.Helper()
		sig, err := by.Sign(content, s.now)
		if err != nil {
			t.Fatal(err)
		}
		file := "/upgrades/stable/virgo-" + version + "-linux-amd64.zip"
		s.endpoint.set(func(f *fakeEndpoint) {
			f.files[file], f.files[file+".minisig"] = content, sig
			f.offer = map[string]any{"version": version, "size": len(content), "sha256": hexOf(content)}
		})
	}
	content := bytes.Repeat([]byte("programs"), 1000)
	publish("0.2.0", content, newSigner(t))
	s.endpoint.asked()
	if _, err := fetch(); !errors.Is(err, signature.ErrUnknownKey) {
		t.Errorf("by a strange key: %v", err)
	}
	s.expectAsked("virgo-0.2.0-linux-amd64.zip.minisig")
	left(0)

	publish("0.2.0", content, s.signer)
	wanted = false
	if out, err := fetch(); err != nil || out.Version != "0.2.0" || out.Content != nil {
		t.Errorf("not wanted: %+v, %v", out, err)
	}
	s.expectAsked()
	wanted = true
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = 3000 })
	if _, err := fetch(); err == nil {
		t.Error("cut, and nothing is said")
	}
	left(2)
	s.endpoint.set(func(f *fakeEndpoint) { f.cut = -1 })
	s.endpoint.asked()
	out, err := fetch()
	if err != nil || !bytes.Equal(out.Content, content) || out.Signed.Key.ID != s.signer.Key().ID {
		t.Errorf("%d bytes, %v", len(out.Content), err)
	}
	s.expectAsked("virgo-0.2.0-linux-amd64.zip bytes=3000-")
	// It is there for the next call, until it is forgotten.
	if out, err := fetch(); err != nil || !bytes.Equal(out.Content, content) {
		t.Errorf("%d bytes, %v", len(out.Content), err)
	}
	s.expectAsked()
	if err := p.Forget(); err != nil {
		t.Error(err)
	}
	left(0)

	// Another content than what was signed is not kept.
	publish("0.3.0", content, s.signer)
	s.endpoint.set(func(f *fakeEndpoint) {
		f.files["/upgrades/stable/virgo-0.3.0-linux-amd64.zip"] = bytes.ToUpper(content)
	})
	if _, err := fetch(); !errors.Is(err, signature.ErrBadSignature) {
		t.Errorf("changed: %v", err)
	}
	left(0)
	s.endpoint.set(func(f *fakeEndpoint) { f.offer = map[string]any{"version": "0.3.0", "size": 2 << 20} })
	if _, err := fetch(); err == nil {
		t.Error("an archive that is too large is fetched")
	}
}
