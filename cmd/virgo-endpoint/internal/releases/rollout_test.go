package releases

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A percentage chooses about as many agents, the same ones each time, and a higher one only adds some.
func TestShare(t *testing.T) {
	const agents = 4000
	var before []bool
	for _, percent := range []int{0, 1, 10, 11, 50, 99, 100} {
		chosen, now := 0, make([]bool, agents)
		for i := range agents {
			now[i] = share("standard", fmt.Sprint("agent-", i), percent)
			if now[i] {
				chosen++
			}
			if before != nil && before[i] && !now[i] {
				t.Fatalf("agent %d is not among %d percent any more", i, percent)
			}
		}
		if off := chosen - agents*percent/100; off < -agents/50 || off > agents/50 {
			t.Errorf("%d percent are %d of %d", percent, chosen, agents)
		}
		before = now
	}
	// Never change these: agents would get versions in another order.
	var first []int
	for i := range 60 {
		if share("standard", fmt.Sprint("agent-", i), 10) {
			first = append(first, i)
		}
	}
	if want := []int{4, 19, 24, 25, 35}; !slices.Equal(first, want) {
		t.Errorf("%v, want %v", first, want)
	}
	if share("standard", "a", 30) == share("own", "a", 30) && share("standard", "b", 30) == share("own", "b", 30) &&
		share("standard", "c", 30) == share("own", "c", 30) && share("standard", "d", 30) == share("own", "d", 30) &&
		share("standard", "e", 30) == share("own", "e", 30) {
		t.Error("every bundle chooses the same agents")
	}
}

// The versions that agents get, step by step.
func TestRollout(t *testing.T) {
	by := newSigner(t)
	s := newStore(t)
	in, out := "", "" // agents inside and outside of 10 percent
	for i := 0; in == "" || out == ""; i++ {
		if id := fmt.Sprint("agent-", i); share("standard", id, 10) {
			in = id
		} else {
			out = id
		}
	}
	publish := func(version string, percent int, tags ...string) {
		t.Helper()
		p := by.bundle(t, "standard", version, "return 1")
		p.Key, p.Percent, p.Tags = by.public, percent, tags
		by.mustPublish(t, s, p)
	}
	want := func(step, wantIn, wantOut string, tags ...string) {
		t.Helper()
		if a, b := version(s, in, tags...), version(s, out, tags...); a != wantIn || b != wantOut {
			t.Errorf("%s: %q and %q, want %q and %q", step, a, b, wantIn, wantOut)
		}
	}
	want("nothing", "", "")
	publish("1.0.0", 100)
	want("1.0.0", "1.0.0", "1.0.0")
	publish("1.1.0", 10)
	want("1.1.0 for some", "1.1.0", "1.0.0")
	publish("1.2.0", 10) // 1.1.0 was never for all
	want("1.2.0 for some", "1.2.0", "1.0.0")
	change(t, s, (*Rollout).Pause)
	want("paused", "1.0.0", "1.0.0")
	change(t, s, (*Rollout).Resume)
	want("resumed", "1.2.0", "1.0.0")
	change(t, s, func(r *Rollout) error { return r.SetPercent(100) })
	want("for all", "1.2.0", "1.2.0")
	publish("1.3.0", 100, "web", "db")
	want("by tag, without", "1.2.0", "1.2.0", "other")
	want("by tag, with", "1.3.0", "1.3.0", "other", "web")
	change(t, s, func(r *Rollout) error { return r.SetPercent(10) })
	want("by tag and percent", "1.3.0", "1.2.0", "db")
	change(t, s, func(r *Rollout) error { return r.SetTags(nil) })
	want("without tags", "1.3.0", "1.2.0")
	change(t, s, (*Rollout).Stop)
	want("stopped", "1.2.0", "1.2.0")
	publish("1.3.0", 100) // stopped, not withdrawn
	want("again", "1.3.0", "1.3.0")
	change(t, s, (*Rollout).Back)
	want("gone back", "1.2.0", "1.2.0")
	if _, _, err := s.File("stable", "bundle-standard-1.3.0.zip"); err == nil {
		t.Error("a withdrawn version is served")
	}
	if f, _, err := s.File("stable", "bundle-standard-1.2.0.zip"); err != nil {
		t.Errorf("the version before: %v", err)
	} else {
		f.Close()
	}
	publish("1.4.0", 100)
	want("healed", "1.4.0", "1.4.0")
	for range 2 {
		change(t, s, (*Rollout).Stop)
		if version(s, in) == "" {
			break
		}
	}
	want("all stopped", "", "")
	if _, err := s.Change("stable", "standard", (*Rollout).Stop); err != ErrNoTarget {
		t.Errorf("stopped once more: %v", err)
	}
	if _, err := s.Change("stable", "own", (*Rollout).Stop); err == nil {
		t.Error("a bundle that nobody published is stopped")
	}
}

func TestIsNews(t *testing.T) {
	for _, test := range []struct {
		offered, has, state string
		want                bool
	}{
		{"1.4.0", "0.9.0", "none", true}, {"1.4.0", "2.0.0", "none", true}, {"1.4.0", "2.0.0", "", true}, // the program's version
		{"1.4.0", "1.3.0", "good", true}, {"1.4.0", "1.4.0", "trial", false}, {"1.4.0", "1.5.0", "good", false},
		{"1.4.0", "1.3.0", "back 1.4.0: script.x fails", false}, {"1.5.0", "1.3.0", "back 1.4.0: script.x fails", true},
		{"1.4.0", "1.3.0", "refused 1.4.0: unknown key", false},
		{"1.4.0", "9.0.0", "none; back 1.4.0: script.x fails", false}, {"1.4.1", "9.0.0", "none; back 1.4.0: script.x fails", true}, {"1.4.0", "x", "good", true},
	} {
		if got := IsNews(test.offered, test.has, test.state); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// A server sees what another process changes, and keeps the last good state of a damaged file.
func TestReload(t *testing.T) {
	by := newSigner(t)
	s := newStore(t)
	other := Open(s.dir, s.log, s.now)
	if version(other, "a") != "" {
		t.Fatal("something is there")
	}
	p := by.bundle(t, "standard", "1.0.0", "return 1")
	p.Key = by.public
	by.mustPublish(t, s, p)
	if got := version(other, "a"); got != "1.0.0" {
		t.Errorf("after a change: %q", got)
	}
	path := filepath.Join(s.dir, channelsName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no JSON":       "{",
		"more behind":   string(good) + "{}",
		"unknown field": strings.Replace(string(good), `"format"`, `"more": 1, "format"`, 1),
		"newer format":  strings.Replace(string(good), `"format": 1`, `"format": 2`, 1),
		"another file":  strings.Replace(string(good), `"bundle-standard-1.0.0.zip"`, `"../server-key.pem"`, 1),
		"a channel":     strings.Replace(string(good), `"stable"`, `"../x"`, 1),
		"a bundle":      strings.Replace(string(good), `"standard"`, `"../x"`, 1),
		"a version":     strings.Replace(string(good), `"target": "1.0.0"`, `"target": "2.0.0"`, 1),
		"percent":       strings.Replace(string(good), `"percent": 100`, `"percent": 900`, 1),
		"null":          strings.Replace(string(good), `"channels": {`, `"channels": {"x": {"bundles": {"y": null}},`, 1),
		"a signature":   strings.Replace(string(good), `".minisig"`, `"/../../x"`, 1),
	} {
		if text == string(good) {
			t.Fatalf("%s: nothing was replaced in %s", name, good)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Channels(); err == nil {
			t.Errorf("%s is accepted: %s", name, text)
		}
		if got := version(other, "a"); got != "1.0.0" {
			t.Errorf("%s: %q is offered", name, got)
		}
		if got := version(Open(s.dir, s.log, s.now), "a"); got != "" {
			t.Errorf("%s: a new server offers %q", name, got)
		}
	}
	if _, err := s.Plan(p); err == nil {
		t.Error("a damaged channels.json is overwritten")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := version(other, "a"); got != "" {
		t.Errorf("deleted: %q is offered", got)
	}
}

func FuzzChannels(f *testing.F) {
	f.Add([]byte(`{"format":1,"channels":{"stable":{"bundles":{"standard":{"target":"1.0.0","percent":100,"releases":[{"version":"1.0.0","file":"bundle-standard-1.0.0.zip","bytes":1,"sha256":"` +
		strings.Repeat("ab", 32) + `","signatures":{".minisig":"x"},"signed_by":"x","published_ms":1}]}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseChannels(data)
		if err != nil {
			return
		}
		for name := range c.served() {
			if channel, file, ok := strings.Cut(name, "/"); !ok || CheckName(channel) != nil || filepath.Base(file) != file || strings.Contains(file, `\`) {
				t.Errorf("%q is served", name)
			}
		}
	})
}
