package releases

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The files of the version that is offered and of the one before stay, and of what the last change ended; nothing else that
// was published does, and nothing that a person put there goes.
func TestOldVersionsAreRemoved(t *testing.T) {
	by := newSigner(t)
	s := newStore(t)
	publish := func(channel, version string) {
		t.Helper()
		p := by.bundle(t, "standard", version, "return 1")
		p.Key, p.Channel = by.public, channel
		by.mustPublish(t, s, p)
	}
	expect := func(versions ...string) {
		t.Helper()
		for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"} {
			want := slices.Contains(versions, version)
			for _, ending := range []string{"", ".minisig"} {
				f, _, err := s.File("stable", FileName("standard", version)+ending)
				if err == nil {
					f.Close()
				}
				if want && err != nil || !want && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s%s is there: %t, want %t (%v)", version, ending, err == nil, want, err)
				}
			}
		}
		s.Check(func(f Finding) {
			if f.Err != nil {
				t.Errorf("%+v", f)
			}
		})
	}
	publish("stable", "1.0.0")
	notes := filepath.Join(s.dir, "bundle-standard-0.9.0.zip")
	if err := os.WriteFile(notes, []byte("a copy of a person"), 0o600); err != nil {
		t.Fatal(err)
	}
	publish("stable", "1.1.0")
	expect("1.0.0", "1.1.0")
	publish("stable", "1.2.0")
	expect("1.0.0", "1.1.0", "1.2.0") // an agent may be fetching 1.0.0
	publish("stable", "1.3.0")
	expect("1.1.0", "1.2.0", "1.3.0")
	publish("beta", "1.1.0") // in another channel it is offered, and its file was there
	publish("stable", "1.4.0")
	expect("1.1.0", "1.2.0", "1.3.0", "1.4.0")
	for _, step := range []func(*Rollout) error{(*Rollout).Pause, (*Rollout).Resume} {
		plan, err := s.Change("stable", "standard", step)
		if err == nil {
			err = s.Apply(plan)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	expect("1.1.0", "1.3.0", "1.4.0")
	if _, err := os.Stat(notes); err != nil {
		t.Error(err)
	}
	p := by.bundle(t, "standard", "1.2.0", "return 2")
	p.Channel = "third"
	if _, err := s.Plan(p); !errors.Is(err, ErrExists) {
		t.Errorf("another content of a version whose file is gone: %v", err)
	}
	if err := os.Remove(filepath.Join(s.dir, FileName("standard", "1.4.0"))); err != nil {
		t.Fatal(err)
	}
	missing := ""
	s.Check(func(f Finding) {
		if f.Err != nil {
			missing += f.File
		}
	})
	if missing != "upgrades/bundle-standard-1.4.0.zip" && missing != filepath.Base(s.dir)+"/bundle-standard-1.4.0.zip" {
		t.Errorf("a file that is offered and missing: %q", missing)
	}
}
