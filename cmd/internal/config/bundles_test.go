package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml/full"
)

// A mistake in the settings of scripts and bundles never holds up results.
func TestMistakesInBundlesNeverStopDelivery(t *testing.T) {
	const good = "endpoint: a:1\nagent_id: web\n"
	for text, want := range map[string]struct {
		effect Effect
		err    string
	}{
		"bundles: always\n":                        {RenewalStops, `virgo.yaml:3: bundles: "always" is none of off, manual and auto`},
		"bundles: [auto]\n":                        {RenewalStops, "virgo.yaml:3: bundles: expected text"},
		"bundle_signers: {a: b}\n":                 {RenewalStops, "virgo.yaml:3: bundle_signers: expected text"},
		"bundle_signers: \"RWQ\\n\"\n":             {RenewalStops, `virgo.yaml:3: bundle_signers: "RWQ\n"… is not a key in one line`},
		"upgrade_signers: {a: b}\n":                {UpgradeStops, "virgo.yaml:3: upgrade_signers: expected text"},
		"upgrade: manual\n":                        {AutoUpgradeStops, `virgo.yaml:3: upgrade: "manual" is neither off nor auto`},
		"upgrade: true\n":                          {AutoUpgradeStops, `virgo.yaml:3: upgrade: expected text, found a boolean`},
		"upgrades: auto\n":                         {AutoUpgradeStops, `virgo.yaml:3: unknown key "upgrades"`},
		"bundle_name: ../x\n":                      {RenewalStops, `virgo.yaml:3: bundle_name: "../x" is not a name`},
		"bundle_channel: A\n":                      {RenewalStops, `virgo.yaml:3: bundle_channel: "A" is not a name`},
		"bundle_signer: RWQ\n":                     {RenewalStops, `virgo.yaml:3: unknown key "bundle_signer"`},
		"scripts: everything\n":                    {ScriptsFigures, `virgo.yaml:3: scripts: "everything" is no grant`},
		"scripts:\n":                               {ScriptsFigures, "virgo.yaml:3: scripts: expected a list of grants, found nothing"},
		"scripts: [{files: /x}]\n":                 {ScriptsFigures, "virgo.yaml:3: scripts: a grant names no script"},
		"scripts: [{script: any}]\n":               {ScriptsFigures, "virgo.yaml:3: scripts: a grant lets its scripts use nothing"},
		"scripts: [{script: any, file: /x}]\n":     {ScriptsFigures, `virgo.yaml:3: unknown key "file"`},
		"scripts: [{script: any, tcp: host}]\n":    {ScriptsFigures, `virgo.yaml:3: tcp: "host" is not HOST:PORT`},
		"scripts: [{script: any, unix: ''}]\n":     {ScriptsFigures, `virgo.yaml:3: unix: "" is not an absolute path`},
		"scripts: [{script: any, programs: /x}]\n": {ScriptsFigures, `virgo.yaml:3: programs: "/x" is no name of a program`},
		"scripst: [declared]\n":                    {ScriptsFigures, `virgo.yaml:3: unknown key "scripst"`},
		"script: [declared]\n":                     {ScriptsFigures, `virgo.yaml:3: unknown key "script"`},
	} {
		c, err := Load(write(t, "virgo.yaml", good+text, 0o600), true, environment(), full.Parse)
		if err != nil || len(c.Mistakes) != 1 || c.Mistakes[0].Effect != want.effect || c.Untrusted() != nil ||
			!strings.Contains(c.Mistakes[0].Err.Error(), want.err) {
			t.Errorf("%q: %+v, %v", text, c.Mistakes, err)
			continue
		}
		if (c.RenewalMistake() != nil) != (want.effect == RenewalStops) || c.Grants().Hash() != policy.DefaultGrants().Hash() {
			t.Errorf("%q: %v, %+v", text, c.RenewalMistake(), c.Grants())
		}
		if c.Bundles.Mode != BundlesManual || c.Bundles.Name != DefaultBundleName || c.Bundles.Signers != nil {
			t.Errorf("%q changed other settings: %+v", text, c.Bundles)
		}
	}
}

func TestGrantsAreWrittenAndRead(t *testing.T) {
	const text = `scripts:
  - figures
  - {script: script.containers, unix: [/run/docker.sock, /run/podman/podman.sock]}
  - {script: 'script.disk_*', programs: [smartctl, 'sudo nvme']}
  - {script: any, files: ['/sys/class/hwmon/**', /proc/mdstat], tcp: '[::1]:80', http: https://*.example.com/**}
  - {script: any, files: /home/**, deny: true}
  - declared
bundle_signers: RWQ1 revoked
bundles: auto
`
	c, err := strictly(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
	if err != nil || len(c.Grants().Rules) != 6 {
		t.Fatalf("%v, %+v", err, c.Grants())
	}
	path := filepath.Join(t.TempDir(), "virgo.yaml")
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := strictly(path, true, environment(), full.Parse)
	if err != nil || again.Grants().Hash() != c.Grants().Hash() || !reflect.DeepEqual(again.Bundles, c.Bundles) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, again, c)
	}
	none, err := strictly(write(t, "virgo.yaml", "scripts: []\n", 0o600), true, environment(), full.Parse)
	if err != nil || len(none.Grants().Rules) != 0 {
		t.Errorf("%v, %+v", err, none.Grants())
	}
}

func TestScriptsNeverUseSettingsAndSecrets(t *testing.T) {
	path := write(t, "virgo.yaml", "token: file:token\nclient_cert: c.pem\nclient_key: k.pem\n"+
		"secrets: {db: {value: 'file:/srv/db.pw', allow: [figures]}}\nalarm: {webhook: 'file:/srv/hook'}\n", 0o600)
	c, err := strictly(path, true, environment("CREDENTIALS_DIRECTORY", "/run/credentials/virgo"), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	got := c.ScriptsNever(Paths{State: "/var/lib/virgo", Plugins: "/usr/lib/virgo/plugins", Scripts: "/usr/lib/virgo/scripts"}.WithConfig(path))
	for _, want := range []string{
		"/var/lib/virgo", "/usr/lib/virgo/plugins", "/usr/lib/virgo/scripts", path, filepath.Join(dir, "checks.d"), filepath.Join(dir, "token"), filepath.Join(dir, "k.pem"),
		filepath.Join(dir, "c.pem"), "/srv/db.pw", "/srv/hook", "/run/credentials/virgo",
	} {
		if abs, err := filepath.Abs(want); err != nil || !slices.Contains(got, abs) {
			t.Errorf("%s is not in %q", want, got)
		}
	}
}

// knownBefore are the keys of release 0.9, which a host may go back to with its settings.
func knownBefore() []string {
	return []string{
		"endpoint", "endpoints", "token", "agent_id", "agent_name", "ca_file", "pin", "backup_pin", "server_name", "client_cert", "client_key",
		"proxy", "no_proxy", "spool.max_bytes", "spool.max_age", "deadline", "flush_deadline", "concurrency", "environment", "worker_user",
		"allow_remote", "host_info_deny", "host_info_arguments", "alarm.command", "alarm.webhook", "schedule_max_age", "remote", "secrets",
	}
}

// An earlier program that reads these settings takes none of them for one that decides whom to trust, and delivers.
func TestEarlierProgramsDeliverWithTheseSettings(t *testing.T) {
	for _, key := range bundleKeys {
		if near := shorttext.Nearest(key, knownBefore()); near != "" {
			t.Errorf("%q is taken for %q", key, near)
		}
		if hasTrustWord(key) {
			t.Errorf("%q has a word of trust", key)
		}
	}
}

// The settings of the previous release load as before.
func TestEarlierSettingsLoad(t *testing.T) {
	c, err := strictly(write(t, "virgo.yaml", "endpoint: a:1\nagent_id: web\nremote: {checks: [figures]}\nconcurrency: 2\n", 0o600), true, environment(), full.Parse)
	if err != nil || c.Bundles.Mode != BundlesManual || c.Bundles.Signers != nil || c.Grants().Hash() != policy.DefaultGrants().Hash() {
		t.Errorf("%v, %+v", err, c)
	}
}

// Programs are replaced without a person only where the settings say so without a mistake.
func TestUpgradesItself(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                      false,
		"upgrade_signers: RWQ\n":                false,
		"upgrade: auto\n":                       false,
		"upgrade: auto\nupgrade_signers: RWQ\n": true,
		"upgrade: off\nupgrade_signers: RWQ\n":  false,
		"upgrade: auto\nupgrade_signers: RWQ\nupgrade_signer: X\n": false,
		"upgrade: auto\nupgrade_signers: RWQ\nbundle_channel: A\n": false,
		"upgrade: auto\nupgrade_signers: RWQ\nscripts: x\n":        true,
	} {
		c, err := Load(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
		if err != nil || c.UpgradesItself() != want {
			t.Errorf("%q: %t, want %t; %v", text, c.UpgradesItself(), want, err)
		}
	}
}
