//go:build unix

package plugin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// checkGuarded runs an endpoint's check of a plugin as a run does it: by the rules of an owner, in YAML, and
// with the guard that they give.
func checkGuarded(t *testing.T, dir, rules string, d schedule.Details) (collect.Report, error) {
	t.Helper()
	root, err := yaml.ParsePlain("virgo.yaml", []byte("checks:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	if err := p.ParseRemote("virgo.yaml", root); err != nil {
		t.Fatal(err)
	}
	typ := Type(Options{Dir: dir, Environ: os.Environ()})
	check := schedule.Check{ID: "x", Type: TypeName, Timeout: time.Minute, Details: d}
	guard, err := p.Guard(&check, typ.Definition())
	if err != nil {
		return collect.Report{}, err
	}
	if guard == nil {
		t.Fatalf("%v has no guard", d)
	}
	return typ.Checker.Check(t.Context(), collect.Request{Check: check, Now: time.Now, Guard: guard})
}

// Links in the plugin folder, and the ways to write a name, run nothing that the owner's rules do not allow.
func TestEndpointCannotFollowLinksToOtherPlugins(t *testing.T) {
	dir := folder(t)
	ran := filepath.Join(t.TempDir(), "ran")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := func(dir, name string) {
		install(t, dir, name, "#!/bin/sh\necho "+name+" >>'"+ran+"'\necho status "+name+" ran\n")
	}
	script(dir, "good")
	script(dir, "other")
	script(filepath.Join(dir, "sub"), "deep")
	script(filepath.Dir(dir), "out")
	for link, target := range map[string]string{
		"link-out": "../out", "link-shell": "/bin/sh", "link-other": "other", "link-good": "good", "link-deep": "sub/deep", "link-folder": "..",
		"link-chain": "link-other",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	narrow := "  - {type: agent.plugin, file: [good, 'link-*', 'link-folder/*']}\n"
	wide := "  - {type: agent.plugin, file: other, deny: true}\n  - {type: agent.plugin, file: any, args: [any...]}\n"
	for _, test := range []struct{ rules, file string }{
		{narrow, "link-out"}, {narrow, "link-shell"}, {narrow, "link-other"}, {narrow, "link-chain"}, {narrow, "link-deep"},
		{narrow, "link-folder/out"}, {narrow, "other"}, {narrow, "../out"}, {narrow, "good/../other"}, {narrow, dir + "/good"},
		{wide, "link-out"}, {wide, "link-shell"}, {wide, "../out"}, {wide, "/bin/sh"}, {wide, "sub/../../out"}, {wide, "link-folder/out"},
		{wide, "other"}, {wide, "./other"}, {wide, "sub/../other"}, {wide, "link-other"}, {wide, "link-chain"},
	} {
		r, err := checkGuarded(t, dir, test.rules, schedule.Details{"file": test.file})
		var refused *policy.RefusedError
		if !errors.As(err, &refused) || !strings.HasPrefix(refused.Error(), "not allowed by this host's owner: agent.plugin file ") {
			t.Errorf("%s: %q, %v", test.file, r.Status, err)
		}
	}
	if b, err := os.ReadFile(ran); err == nil {
		t.Errorf("what was refused ran: %s", b)
	}
	for _, test := range []struct{ rules, file, want string }{
		{narrow, "good", "good ran"}, {narrow, "./good", "good ran"}, {narrow, "link-good", "good ran"},
		{wide, "good", "good ran"}, {wide, "sub/deep", "deep ran"}, {wide, "link-deep", "deep ran"},
	} {
		r, err := checkGuarded(t, dir, test.rules, schedule.Details{"file": test.file})
		if err != nil || r.Status != test.want {
			t.Errorf("%s: %q, %v, want %q", test.file, r.Status, err, test.want)
		}
	}
}
