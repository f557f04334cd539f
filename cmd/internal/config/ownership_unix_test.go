//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

// attacks make a file one that others may change. They return the file or folder at fault, and how the
// command begins that corrects it.
var attacks = []struct {
	name string
	root bool // it takes root
	make func(path string) (unsafe, command string, err error)
}{
	{"writable by everybody", false, func(path string) (string, string, error) {
		return path, "chmod go-w ", os.Chmod(path, 0o606)
	}},
	{"of another user", true, func(path string) (string, string, error) {
		return path, "chown root ", os.Chown(path, 4711, 4711)
	}},
	{"in a folder of everybody", false, func(path string) (string, string, error) {
		return filepath.Dir(path), "chmod go-w ", os.Chmod(filepath.Dir(path), 0o777)
	}},
	{"in a folder of another user", true, func(path string) (string, string, error) {
		return filepath.Dir(path), "chown root ", os.Chown(filepath.Dir(path), 4711, 4711)
	}},
}

// place writes a file into a folder of its own.
func place(t *testing.T, name, text string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Others write a configuration: nothing of it is used, and nothing is delivered to anybody.
func TestConfigurationOfOthersIsNotUsed(t *testing.T) {
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			if attack.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			path := place(t, "virgo.yaml", "endpoint: evil:1\ntoken: TOKEN\nagent_id: stolen\nenvironment: [LD_PRELOAD=/tmp/evil.so]\nconcurrency: 1\n")
			unsafe, command, err := attack.make(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Load(path, false, environment(), full.Parse)
			if err != nil || c.Untrusted() == nil || len(c.Mistakes) != 1 {
				t.Fatalf("%v, %v", err, c.Mistakes)
			}
			if len(c.Endpoints) > 0 || c.AgentID == "stolen" || len(c.Environment) > 0 || c.Concurrency != DefaultConcurrency || c.HasToken() {
				t.Errorf("it is used: %+v", c)
			}
			checkHint(t, c.Untrusted(), command+unsafe)
			if text := c.Untrusted().Error(); !strings.Contains(text, unsafe+" ") {
				t.Errorf("%q does not name %q", text, unsafe)
			}
		})
	}
}

// A token of others is not sent, which would enrol this host where they want, nor are their certificates
// believed.
func TestTokenAndKeysOfOthersAreNotUsed(t *testing.T) {
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			if attack.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			path := place(t, "secret", "TOKEN")
			unsafe, command, err := attack.make(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := strictly(write(t, "virgo.yaml", "token: file:"+path+"\n", 0o600), true, environment(), full.Parse)
			if err != nil {
				t.Fatal(err)
			}
			token, err := c.Token()
			if token != "" {
				t.Error("the token is used")
			}
			if attack.name == "writable by everybody" { // which is readable by everybody
				checkHint(t, err, "chmod 600 "+path)
			} else {
				checkHint(t, err, command+unsafe)
			}
			for _, key := range []string{"ca_file", "client_cert", "client_key"} {
				text := key + ": " + path + "\n"
				if key == "client_key" {
					text += "client_cert: /missing/cert\n"
				}
				c, err := Load(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
				if err != nil || c.Untrusted() == nil || !strings.HasPrefix(c.Untrusted().Error(), key+": ") {
					t.Fatalf("%s: %v, %v", key, err, c.Mistakes)
				}
				checkHint(t, c.Untrusted(), command+unsafe)
			}
		})
	}
}
