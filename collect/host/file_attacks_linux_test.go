package host

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// checkGuarded runs an endpoint's check of agent.file as a run does it: by the rules of an owner, in YAML,
// and with the guard that they give. The check is one that the rules allow.
func checkGuarded(t *testing.T, rules string, d schedule.Details) (collect.Report, error) {
	t.Helper()
	root, err := yaml.ParsePlain("virgo.yaml", []byte("checks:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	if err := p.ParseRemote("virgo.yaml", root); err != nil {
		t.Fatal(err)
	}
	typ := fileType(tree{proc: "/proc", sys: "/sys"}, nil)
	check := schedule.Check{ID: "x", Type: typ.Name, Details: d}
	guard, err := p.Guard(&check, typ.Definition())
	if err != nil {
		return collect.Report{}, err
	}
	if guard == nil {
		t.Fatalf("%v has no guard", d)
	}
	return typ.Checker.Check(t.Context(), collect.Request{Check: check, Now: time.Now, Guard: guard})
}

// attackTree is a folder with a folder that the owner allows and one that he does not. Every file has
// another size, so that metrics tell which one was read.
func attackTree(t *testing.T) (allowed, secret string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	allowed, secret = filepath.Join(dir, "allowed"), filepath.Join(dir, "secret")
	for file, text := range map[string]string{
		"allowed/log": "all is well", "allowed/sub/log": "all is well there", "secret/log": "geheim", "secret/shadow": "root:geheim:",
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return allowed, secret
}

func wantRefused(t *testing.T, what string, r collect.Report, err error) {
	t.Helper()
	var refused *policy.RefusedError
	if !errors.As(err, &refused) || !strings.HasPrefix(refused.Error(), "not allowed by this host's owner: agent.file target ") {
		t.Errorf("%s: %+v, %v", what, r, err)
	}
	if len(r.Metrics) > 0 || strings.Contains(r.Status, "shadow") {
		t.Errorf("%s tells %+v", what, r)
	}
}

// Whatever links lie in a folder that the owner allows, and however the endpoint writes the path, a file
// outside of it is neither read nor told to exist.
func TestEndpointCannotFollowLinksOutOfAllowedFolders(t *testing.T) {
	allowed, secret := attackTree(t)
	for link, target := range map[string]string{
		"shadow": "/etc/shadow", "absolute": secret + "/shadow", "relative": "../secret/shadow", "chain": "absolute",
		"none": secret + "/no-such-file", "out": secret, "up": "..", "inside": "log",
	} {
		if err := os.Symlink(target, filepath.Join(allowed, link)); err != nil {
			t.Fatal(err)
		}
	}
	rules := "  - {type: agent.file, target: '" + allowed + "/**', content_match: any}\n"
	for _, target := range []string{
		"/etc/shadow", allowed + "/shadow", allowed + "/absolute", allowed + "/relative", allowed + "/chain", allowed + "/none",
		allowed + "/out/shadow", allowed + "/out/no-such-file", allowed + "/out", allowed + "/up/secret/shadow", allowed + "/up",
		allowed + "/../secret/shadow", allowed + "/sub/../../secret/shadow", allowed + "/out/../shadow", allowed + "/sub/../shadow", allowed + "//./../secret//shadow",
		allowed + "/abs*", allowed + "/o*/shadow", allowed + "/*/shadow", allowed + "/u*/secret/shadow", allowed + "/n*ne", allowed + "/out/sh*",
		allowed + "/out/nothing-*", allowed + "/o*/nothing-*", allowed + "/*/nothing-*", allowed + "/up/*/shadow",
	} {
		for _, content := range []any{nil, "^root:", "no such text"} {
			d := schedule.Details{"target": target}
			if content != nil {
				d["content_match"] = content
			}
			r, err := checkGuarded(t, rules, d)
			wantRefused(t, target, r, err)
		}
	}
	for target, size := range map[string]string{
		"log": "11", "inside": "11", "sub/log": "17", "sub/../log": "11", "./sub/./log": "17", "l*": "11", "su*/log": "17", "su*/l?g": "17",
		"up/allowed/log": "11", "no-such-file": "",
	} {
		r, err := checkGuarded(t, rules, schedule.Details{"target": allowed + "/" + target})
		if got := metricOf(r, "size"); err != nil || got != size {
			t.Errorf("%s: size %q, %v, want %q", target, got, err, size)
		}
	}
	r, err := checkGuarded(t, rules, schedule.Details{"target": allowed + "/log", "content_match": "^all is"})
	if err != nil || metricOf(r, "content_match") != "true" {
		t.Errorf("%+v, %v", r, err)
	}
}

func metricOf(r collect.Report, name string) string {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value
		}
	}
	return ""
}

// Somebody on the host swaps a folder for a link, again and again, while the endpoint asks for the file in
// it. The file behind the link is never told about, neither its size nor what is in it.
func TestEndpointCannotWinARaceForAFile(t *testing.T) {
	const tries = 1500
	allowed, secret := attackTree(t)
	folder, link := filepath.Join(allowed, "sub"), filepath.Join(allowed, "link")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var swapping sync.WaitGroup
	swaps := 0
	swapping.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, folder, unix.AT_FDCWD, link, unix.RENAME_EXCHANGE); err == nil {
				swaps++
			}
		}
	})
	rules := "  - {type: agent.file, target: '" + allowed + "/**', content_match: any}\n"
	allowedTimes, refusedTimes := 0, 0
	for i := range tries {
		d := schedule.Details{"target": folder + "/log"}
		if i%2 == 0 {
			d["content_match"] = "geheim"
		}
		if i%3 == 0 {
			d["target"] = folder + "/l*g"
		}
		r, err := checkGuarded(t, rules, d)
		var refused *policy.RefusedError
		switch {
		case errors.As(err, &refused):
			refusedTimes++
		case err != nil: // it was swapped between two steps
		case metricOf(r, "size") == "6" || metricOf(r, "content_match") == "true" || strings.Contains(r.Status, secret):
			t.Fatalf("try %d: %+v", i, r)
		default:
			allowedTimes++
		}
	}
	close(stop)
	swapping.Wait()
	t.Logf("%d swaps; allowed %d times, refused %d times of %d", swaps, allowedTimes, refusedTimes, tries)
	if swaps == 0 || allowedTimes == 0 || refusedTimes == 0 {
		t.Skip("nothing was swapped meanwhile")
	}
}
