package releases

import (
	"errors"
	"testing"

	"virgo/cmd/internal/programs"
	"virgo/schedule/signature"
)

// archive is one of programs, published to channel stable for everybody.
func (s signer) archive(t *testing.T, version, system string) Publication {
	t.Helper()
	content := map[string][]byte{}
	for _, name := range programs.Names(system) {
		content[name] = []byte(version)
	}
	b, err := programs.Pack(programs.Manifest{Version: version, OS: system, Arch: "amd64"}, content)
	if err != nil {
		t.Fatal(err)
	}
	return s.of(t, b)
}

// Programs are published beside bundles, and each system has versions of its own.
func TestPrograms(t *testing.T) {
	by, stranger := newSigner(t), newSigner(t)
	s := newStore(t)
	first := by.archive(t, "0.2.0", "linux")
	first.Key = by.public
	by.mustPublish(t, s, first)
	by.mustPublish(t, s, by.bundle(t, "standard", "1.4.0", "return 1"))
	by.mustPublish(t, s, by.archive(t, "0.1.0", "windows"))
	for _, test := range []struct {
		p    Publication
		want error
	}{
		{by.archive(t, "0.1.9", "linux"), ErrNotNewer},
		{stranger.archive(t, "0.3.0", "linux"), signature.ErrUnknownKey},
		{by.bundle(t, "virgo-linux-amd64", "9.0.0", "return 1"), nil},
		{by.of(t, first.File[:len(first.File)-1]), nil},
	} {
		if _, err := s.Plan(test.p); err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%v, want %v", err, test.want)
		}
	}
	if got := s.ProgramsVersion("stable"); got != "0.2.0" {
		t.Errorf("for everybody: %q", got)
	}
	staged := by.archive(t, "0.3.0", "linux")
	staged.Tags = []string{"web"}
	by.mustPublish(t, s, staged)
	offered := func(system string, tags ...string) string {
		r := s.For("a", "stable", ProgramsName(system, "amd64"), func() []string { return tags })
		if r == nil {
			return ""
		}
		return r.File
	}
	for got, want := range map[string]string{
		offered("linux", "web"):      "virgo-0.3.0-linux-amd64.zip",
		offered("linux"):             "virgo-0.2.0-linux-amd64.zip",
		offered("windows"):           "virgo-0.1.0-windows-amd64.zip",
		offered("freebsd"):           "",
		s.ProgramsVersion("stable"):  "0.2.0",
		s.ProgramsVersion("nothing"): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f, _, err := s.File("stable", "virgo-0.3.0-linux-amd64.zip.minisig")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	s.Check(func(f Finding) {
		if f.Err != nil {
			t.Errorf("%s: %v", f.File, f.Err)
		}
	})
	if len(s.Types()) != 1 {
		t.Errorf("types of checks: %v", s.Types())
	}
}
