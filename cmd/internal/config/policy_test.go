package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"virgo/schedule/policy"
	"virgo/schedule/yaml/full"
)

const policyText = `endpoint: a:1
agent_id: web
remote:
  checks:
    - figures
    - {type: agent.plugin, file: [backup-age.sh, raid-*], args: ['-w', 10..90, any...]}
    - type: agent.redis
      host: 127.0.0.1
      password: 'secret:cache'
  questions: [check.targets]
  host_info: [who]
  host_info_deny: [procs]
secrets:
  cache:
    value: file:cache.pw
    allow:
      - {type: agent.redis, host: 127.0.0.1}
`

// What the file says is the policy, also after virgo setup wrote the file again.
func TestPolicyIsReadAndWritten(t *testing.T) {
	path := write(t, "virgo.yaml", policyText, 0o600)
	c, err := strictly(path, true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policy()
	if len(p.Checks) != 3 || p.Checks[0].Keyword != policy.Figures || p.Checks[2].Row != 7 {
		t.Errorf("checks: %+v", p.Checks)
	}
	if got := fmt.Sprint(p.Questions, p.HostInfo, p.HostInfoDeny); got != "[check.targets] [who] [procs]" {
		t.Error(got)
	}
	if len(p.Secrets) != 1 || p.Secrets[0].Name != "cache" || len(p.Secrets[0].Allow) != 1 {
		t.Errorf("secrets: %+v", p.Secrets)
	}
	written, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := strictly(write(t, "again.yaml", string(written), 0o600), true, environment(), full.Parse)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if q := again.Policy(); q.Hash() != p.Hash() || !reflect.DeepEqual(q.Questions, p.Questions) || !reflect.DeepEqual(q.HostInfo, p.HostInfo) {
		t.Errorf("written again, it is %+v, was %+v", q, p)
	}
}

func TestSecretsAreReadWhenTheyAreNeeded(t *testing.T) {
	path := write(t, "virgo.yaml", policyText, 0o600)
	c, err := strictly(path, true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CheckSecret("cache"); err == nil || !strings.Contains(err.Error(), "cache.pw") {
		t.Errorf("a file that is not there: %v", err)
	}
	dir := filepath.Dir(path)
	if err := os.WriteFile(filepath.Join(dir, "cache.pw"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if value, err := c.CheckSecret("cache"); err != nil || value != "hunter2" {
		t.Errorf("%q, %v", value, err)
	}
	if _, err := c.CheckSecret("other"); err == nil {
		t.Error("there is another secret")
	}
	if text := fmt.Sprintf("%+v %#v %v", c, c.Secrets, c.Secrets); strings.Contains(text, "cache.pw") {
		t.Errorf("a format shows the reference: %s", text)
	}
}

// A host without remote gives its endpoint figures only; what allow_remote and host_info_deny said before
// still holds.
func TestPolicyWithoutRemote(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "[check.test check.targets host_info] []",
		"allow_remote: none\n": "[] []",
		"allow_remote: [check.test]\nhost_info_deny: [who]\n": "[check.test] [who]",
		"remote:\n": "[check.test check.targets host_info] []",
		"remote: {questions: none}\nhost_info_deny: [who]\n": "[] [who]",
	} {
		c, err := strictly(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		p := c.Policy()
		if got := fmt.Sprint(p.Questions, p.HostInfoDeny); got != want || p.Hash() != policy.Default().Hash() {
			t.Errorf("%q: %s, %s", text, got, p.Hash())
		}
	}
}

// A mistake in the policy is one of trust: nothing is delivered, and what came from an endpoint is refused.
func TestMistakesInThePolicy(t *testing.T) {
	for text, want := range map[string]string{
		"remote:\n  checks: [figure]\n":                                           "virgo.yaml:2: expected figures, scripts, all or a rule with a type",
		"remote:\n  checks:\n    - {type: agent.file, target: '/(/'}\n":           "virgo.yaml:3: target: not a regular expression",
		"remote: {host_info: [prosc]}\n":                                          `virgo.yaml:1: remote: host_info: "prosc" is not a type`,
		"remote: {questions: [check.test]}\nallow_remote: none\n":                 "virgo.yaml:2: allow_remote and remote: questions are both set",
		"host_info_deny: [who]\nremote: {host_info_deny: [procs]}\n":              "host_info_deny and remote: host_info_deny are both set",
		"secrets: {a: {value: x}}\n":                                              `virgo.yaml:1: secrets: "a" has no allow`,
		"secrets: {a: {allow: [{type: agent.redis}]}}\n":                          `virgo.yaml:1: secrets: "a" has no value`,
		"secrets: {a: {value: 'env:X', allow: [{type: agent.redis}]}}\n":          `secrets: "a": plugins inherit the environment`,
		"secrets: {a: {value: x, alow: [{type: agent.redis}]}}\n":                 `virgo.yaml:1: unknown key "alow"`,
		"secrets: {a: b}\n":                                                       `secrets: "a": expected value and allow, found text`,
		"remote: {checks: [all]}\nsecrets: {a: {value: x, allow: [{file: x}]}}\n": "virgo.yaml:2: a rule has no type",
	} {
		c, err := Load(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
		if err != nil || len(c.Mistakes) != 1 || !strings.Contains(c.Mistakes[0].Err.Error(), want) {
			t.Errorf("%q: %v, %+v, want %s", text, err, c.Mistakes, want)
			continue
		}
		if c.Untrusted() == nil {
			t.Errorf("%q: results are delivered", text)
		}
		if p := c.Policy(); len(p.Checks) > 0 || len(p.Questions) > 0 {
			t.Errorf("%q: %+v is allowed", text, p)
		}
	}
}

// A secret in the file makes the file one.
func TestFileWithSecretsIsPrivate(t *testing.T) {
	text := "secrets: {a: {value: hunter2, allow: [{type: agent.redis}]}}\n"
	c, err := Load(write(t, "virgo.yaml", text, 0o644), true, environment(), full.Parse)
	if err != nil || c.Untrusted() == nil || strings.Contains(fmt.Sprint(c.Mistakes), "hunter2") {
		t.Errorf("%v, %v", err, c.Mistakes)
	}
}

// The environment does not set a policy, and says so.
func TestNoPolicyInTheEnvironment(t *testing.T) {
	c, err := Load(filepath.Join(t.TempDir(), "virgo.yaml"), false, environment("VIRGO_REMOTE", "{checks: [all]}", "VIRGO_REMOTE_CHECKS", "all"), full.Parse)
	if err != nil || c.Policy().AllowsAll() {
		t.Errorf("%v, %+v", err, c.Policy())
	}
	got := c.UnknownVariables([]string{"VIRGO_REMOTE_CHECKS=all"})
	if len(got) != 1 || got[0] != "VIRGO_REMOTE_CHECKS, which only virgo.yaml can set (remote, secrets)" {
		t.Errorf("%q", got)
	}
}
