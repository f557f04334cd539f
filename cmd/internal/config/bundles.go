package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// What is done with bundles of scripts.
const (
	BundlesOff    = "off"    // there are none: what is installed does not run
	BundlesManual = "manual" // a person installs them
	BundlesAuto   = "auto"   // newer ones are fetched from the endpoint
)

// What is done with newer versions of the agent's own programs.
const (
	UpgradeOff  = "off"  // a person upgrades
	UpgradeAuto = "auto" // runs do what virgo upgrade does
)

// Defaults of the bundle that is followed.
const (
	DefaultBundleName    = "standard"
	DefaultBundleChannel = "stable"
)

// Bounds of the settings of bundles.
const (
	maxSigners     = 16
	maxSignerBytes = 8 << 10
	maxLabelBytes  = 64
)

// Bundles are the settings of the bundle of scripts that this host follows.
type Bundles struct {
	Mode string // BundlesOff, BundlesManual or BundlesAuto
	// Signers are the public keys that may sign a bundle, or the paths of their files, each with what follows it:
	// "until 2027-06-30", "revoked". Package signature reads them, which small programs do not link.
	Signers []string
	// Name is the bundle's, Channel the endpoint's series of its versions.
	Name, Channel string
}

// scriptsKey is the key of what scripts may use; like remote it has no environment variable.
const scriptsKey = "scripts"

// yamlScripts stores the value of scripts.
func (c *Config) yamlScripts(name string, f yaml.Field) {
	grants, err := policy.ParseGrants(name, f.Value)
	if err != nil {
		c.addMistake(scriptsKey, fileError(err))
		return
	}
	c.Scripts = &grants
}

// Grants returns what the owner lets scripts use: figures only if the file does not say it, or says it in a way
// that cannot be read.
func (c Config) Grants() policy.Grants {
	if c.Scripts == nil || slices.ContainsFunc(c.Mistakes, func(m Mistake) bool { return m.Effect == ScriptsFigures }) {
		return policy.DefaultGrants()
	}
	return *c.Scripts
}

// RenewalMistake returns why no bundle is fetched, installed or taken back; nil if the settings allow it.
func (c Config) RenewalMistake() error {
	for _, m := range c.Mistakes {
		if m.Effect == RenewalStops {
			return m.Err
		}
	}
	return nil
}

// UpgradesItself reports whether runs replace the agent's programs by newer ones of the endpoint: its owner wants it, a key
// may sign them, and no mistake hides what the settings say of either.
func (c Config) UpgradesItself() bool {
	return c.Upgrade == UpgradeAuto && len(c.UpgradeSigners) > 0 && !slices.ContainsFunc(c.Mistakes, func(m Mistake) bool {
		return m.Effect == RenewalStops || m.Effect == UpgradeStops || m.Effect == AutoUpgradeStops
	})
}

func checkUpgrade(s string) error {
	if s != UpgradeOff && s != UpgradeAuto {
		return fmt.Errorf("%.64q is neither off nor auto", s)
	}
	return nil
}

func checkBundles(s string) error {
	if !slices.Contains([]string{BundlesOff, BundlesManual, BundlesAuto}, s) {
		return fmt.Errorf("%.64q is none of off, manual and auto", s)
	}
	return nil
}

// checkSigners checks what can be checked without knowing keys.
func checkSigners(all []string) error {
	if len(all) > maxSigners {
		return fmt.Errorf("%d keys, more than %d", len(all), maxSigners)
	}
	for _, s := range all {
		if len(s) > maxSignerBytes || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
			return &Error{
				fmt.Errorf("%.32q… is not a key in one line", s),
				"write a key of minisign (RWQ…), or the path of a file with a key",
			}
		}
	}
	return nil
}

// checkLabel checks a name that stands in the name of a file and in a URL.
func checkLabel(s string) error {
	if s == "" || len(s) > maxLabelBytes || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || strings.Trim(s, "-_") == "" {
		return fmt.Errorf("%.64q is not a name of small letters, digits, - and _, of at most %d", s, maxLabelBytes)
	}
	return nil
}

// signerPath splits the path of a key's file from what follows it; false for a key itself.
func signerPath(signer string) (path, conditions string, ok bool) {
	signer = strings.TrimSpace(signer)
	end := len(signer)
	for _, word := range [...]string{" until ", " revoked"} {
		if at := strings.Index(signer, word); at >= 0 {
			end = min(end, at)
		}
	}
	for _, key := range [...]string{"RW", "MII", "-----BEGIN ", "untrusted comment:"} {
		if strings.HasPrefix(signer, key) {
			return "", "", false
		}
	}
	path = strings.TrimSpace(signer[:end])
	return path, signer[end:], strings.ContainsAny(path, `/\.`)
}

// SetSigners sets the keys that may sign bundles. Relative paths are relative to the current folder.
func (c *Config) SetSigners(signers []string) {
	c.Bundles.Signers = slices.Clone(signers)
	if dir, err := filepath.Abs("."); err == nil {
		c.resolveSigners(dir)
	}
}

// resolveSigners makes the paths of keys absolute.
func (c *Config) resolveSigners(dir string) {
	for _, signers := range [...][]string{c.Bundles.Signers, c.UpgradeSigners} {
		for i, s := range signers {
			if path, conditions, ok := signerPath(s); ok && !filepath.IsAbs(path) {
				signers[i] = filepath.Join(dir, path) + conditions
			}
		}
	}
}

// ReadKeyFile reads a file with a public key that nobody else may have changed.
func ReadKeyFile(path string) ([]byte, error) {
	b, _, err := readBounded(path, maxSignerBytes)
	if err != nil {
		return nil, unsafeOr(err, "reading the key: %w")
	}
	return b, nil
}

// ScriptsNever returns the files and folders that no script may use, whatever is granted: settings, state, and
// secrets.
func (c Config) ScriptsNever(p Paths) []string {
	var all []string
	add := func(path string) {
		if path == "" {
			return
		}
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		if !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	for _, path := range [...]string{
		p.State, p.Config, p.Checks, p.Plugins, p.Scripts, c.Source, c.ClientKey, c.ClientCert, c.getenv("CREDENTIALS_DIRECTORY"),
	} {
		add(path)
	}
	secrets := []Secret{c.Credential, c.AlarmWebhook}
	for _, s := range c.Secrets {
		secrets = append(secrets, s.Value)
	}
	for _, s := range secrets {
		if kind, path := s.split(); kind == fromFile {
			add(path)
		}
	}
	return all
}

// bundles writes the settings of bundles, and what scripts may use.
func (e *encoder) bundles(c Config) {
	e.about("Checks in Lua, in a signed bundle: off, manual (virgo bundle update FILE) or auto (from the endpoint); the public",
		"keys that may sign it (several for a change of keys: KEY until 2027-06-30, KEY revoked), or paths of their files.")
	e.measure("bundles", c.Bundles.Mode, BundlesManual)
	e.list("bundle_signers", c.Bundles.Signers, "RWQ...")
	e.measure("bundle_name", c.Bundles.Name, DefaultBundleName)
	e.measure("bundle_channel", c.Bundles.Channel, DefaultBundleChannel)
	e.about("The public keys that may sign virgo itself, for virgo upgrade: whoever has one decides what runs on this host.")
	e.list("upgrade_signers", c.UpgradeSigners, "RWQ...")
	e.about("With auto, runs do once a day what virgo upgrade does: what these keys sign and the endpoint publishes is run.")
	e.measure("upgrade", c.Upgrade, UpgradeOff)
	e.about("What scripts may use: see virgo help policy. Without it, the figures that the kernel tells; declared is whatever",
		"a signed script declares. Scripts of the folder scripts have what they declare.")
	sign := ""
	grants := c.Scripts
	if grants == nil {
		sign, grants = "#", new(policy.Grants)
		*grants = policy.DefaultGrants()
	}
	if len(grants.Rules) == 0 {
		e.line(sign, scriptsKey, ": []")
		return
	}
	e.line(sign, scriptsKey, ":")
	for i := range grants.Rules {
		e.line(sign, "  - ", grants.Rules[i].String())
	}
}
