package agent

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"virgo/schedule/yaml"
	"virgo/transport"
)

// Each setting of the connection must reach the agent, in its own place.
func TestSettingsReachTheAgent(t *testing.T) {
	pin, backup := "sha256:"+strings.Repeat("0a", 32), "sha256:"+strings.Repeat("0b", 32)
	path := filepath.Join(t.TempDir(), "virgo.yaml")
	text := "endpoint:\n  - a:1\n  - b:2\nagent_id: i\nagent_name: n\ntoken: T\npin: " + pin + "\nbackup_pin: " + backup +
		"\nca_file: /ca\nserver_name: s\nclient_cert: /cert\nclient_key: /key\nproxy: http://u:p@proxy:1\nno_proxy: b\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := New(t.Context(), Stdio{strings.NewReader(""), io.Discard, io.Discard}, func(string) string { return "" }, nil)
	a.YAML, a.Config = yaml.ParsePlain, path
	cfg, err := a.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	ag := a.NewAgent(cfg)
	want := transport.TLSConfig{CAFile: "/ca", Pins: []string{pin, backup}, ServerName: "s", ClientCert: "/cert", ClientKey: "/key"}
	if got := ag.TLS; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ag.ID != "i" || ag.Name != "n" || len(ag.Endpoints) != 2 {
		t.Errorf("%+v", ag)
	}
	if len(cfg.Pins) != 1 {
		t.Errorf("the pins of the configuration changed to %v", cfg.Pins)
	}
	for address, want := range map[string]string{"a:1": "http://u:p@proxy:1", "b:2": ""} {
		if got, err := ag.Proxy(address); got != want || err != nil {
			t.Errorf("proxy for %s: %q, %v", address, got, err)
		}
	}
}

// Neither plugins nor the worker get the token from the environment, or the timer entry's
// GOMAXPROCS=1; the worker gets no settings either.
func TestChildEnvironments(t *testing.T) {
	for name, value := range map[string]string{
		"MY_TOKEN": "T", "VIRGO_TOKEN": "T", "virgo_proxy": "p", "CREDENTIALS_DIRECTORY": "/c", "OTHER": "o", "GOMAXPROCS": "1",
	} {
		t.Setenv(name, value)
	}
	a := &Program{tokenVariable: "MY_TOKEN"}
	names := func(environ []string) map[string]bool {
		all := make(map[string]bool)
		for _, pair := range environ {
			name, _, _ := strings.Cut(pair, "=")
			all[name] = true
		}
		return all
	}
	if got := names(a.PluginEnviron()); got["MY_TOKEN"] || got["GOMAXPROCS"] || !got["OTHER"] || !got["PATH"] {
		t.Errorf("plugins get %v", got)
	}
	got := names(a.ChildEnviron())
	if got["MY_TOKEN"] || got["VIRGO_TOKEN"] || got["virgo_proxy"] || got["CREDENTIALS_DIRECTORY"] ||
		got["GOMAXPROCS"] || !got["OTHER"] {
		t.Errorf("the worker gets %v", got)
	}
	t.Setenv("GOMAXPROCS", "4") // the owner's, not the timer entry's
	if got := names(a.ChildEnviron()); !got["GOMAXPROCS"] {
		t.Errorf("the worker gets %v", got)
	}
}

// A command that needs no token keeps its variable from the worker all the same.
func TestWorkerGetsNoTokenOfTheConfiguration(t *testing.T) {
	t.Setenv("MY_TOKEN", "T")
	path := filepath.Join(t.TempDir(), "virgo.yaml")
	if err := os.WriteFile(path, []byte("token: env:MY_TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := New(t.Context(), Stdio{}, func(string) string { return "" }, nil)
	a.YAML, a.Config = yaml.ParsePlain, path
	if _, err := a.workerSettings(); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(a.ChildEnviron(), "MY_TOKEN=T") {
		t.Error("the worker gets the token")
	}
}
