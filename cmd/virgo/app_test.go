package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/transport"
)

// Each setting of the way to the endpoint must come as far as the dialer, and none of another's place.
func TestSettingsReachTheAgent(t *testing.T) {
	pin, backup := "sha256:"+strings.Repeat("0a", 32), "sha256:"+strings.Repeat("0b", 32)
	path := filepath.Join(t.TempDir(), "virgo.yaml")
	text := "endpoint: [a:1, b:2]\nagent_id: i\nagent_name: n\ntoken: T\npin: " + pin + "\nbackup_pin: " + backup +
		"\nca_file: /ca\nserver_name: s\nclient_cert: /cert\nclient_key: /key\nproxy: http://u:p@proxy:1\nno_proxy: [b]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{
		ctx: context.Background(), now: time.Now, getenv: func(string) string { return "" },
		stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, globals: globals{Config: path},
	}
	cfg, err := a.config()
	if err != nil {
		t.Fatal(err)
	}
	ag := a.newAgent(cfg)
	want := transport.TLSConfig{CAFile: "/ca", Pins: []string{pin, backup}, ServerName: "s", ClientCert: "/cert", ClientKey: "/key"}
	if got := ag.TLS; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ag.ID != "i" || ag.Name != "n" || len(ag.Endpoints) != 2 {
		t.Errorf("%+v", ag)
	}
	if len(cfg.Pins) != 1 {
		t.Errorf("the configuration's own pins became %v", cfg.Pins)
	}
	for address, want := range map[string]string{"a:1": "http://u:p@proxy:1", "b:2": ""} {
		if got, err := ag.Proxy(address); got != want || err != nil {
			t.Errorf("proxy for %s: %q, %v", address, got, err)
		}
	}
}
