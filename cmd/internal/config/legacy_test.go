package config

import (
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func TestLegacyFile(t *testing.T) {
	text := "# comment\nmonitoring_token abc.123\nmonitoring_id\tweb1\nmonitoring_endpoints a:1,b:2\nmonitoring_query_endpoints _x._tcp.e.org\nmonitoring_snet_region dfw\n"
	for name, load := range map[string]func(string) (Config, error){
		"run": func(p string) (Config, error) { return strictly(p, true, environment(), full.Parse) }, "import": ImportLegacy,
	} {
		c, err := load(write(t, "agent.cfg", text, 0o600))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		token, _ := c.Token()
		if token != "abc.123" || c.AgentID != "web1" || strings.Join(c.Endpoints, " ") != "a:1 b:2 _x._tcp.e.org" || len(c.Warnings) != 1 {
			t.Errorf("%s: %+v %v", name, c, c.Warnings)
		}
	}
	if _, err := ImportLegacy(write(t, "x.yaml", "endpoint: a:1\n", 0o600)); !IsError(err) {
		t.Errorf("another kind of file: %v", err)
	}
}

func TestImport(t *testing.T) {
	c, err := LoadFile(filepath.Join(t.TempDir(), "none.yaml"), environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	generated := c.AgentID
	imported, err := ImportLegacy(write(t, "agent.cfg", "monitoring_token abc\nmonitoring_endpoints a:1\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	c = c.With(imported)
	if token, err := c.Token(); token != "abc" || err != nil || c.AgentID != generated || generated == "" || strings.Join(c.Endpoints, "") != "a:1" {
		t.Errorf("got %+v, token %q, %v", c, token, err)
	}
}

func TestImportKeepsOtherSettings(t *testing.T) {
	c := defaults(nil)
	c.SetToken("old")
	c.Endpoints = []string{"old:1"}
	imported, err := ImportLegacy(write(t, "agent.cfg", "monitoring_id new\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	c = c.With(imported)
	if token, err := c.Token(); token != "old" || err != nil || c.Endpoints[0] != "old:1" || c.AgentID != "new" {
		t.Errorf("got %+v, token %q, %v", c, token, err)
	}
}

func TestLegacyFilesBeginWithALegacyKey(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "# x\n\n": false, "monitoring_id a\n": true, "\n# x\n  monitoring_id a\n": true,
		"endpoint: a:1\nmonitoring_id a\n": false,
	} {
		if got := isLegacy([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzLegacy(f *testing.F) {
	f.Add([]byte("monitoring_token abc\nmonitoring_id a\n"))
	f.Add([]byte("# x\r\nmonitoring_endpoints a:1, b:2\r\nmonitoring_x\ty\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := defaults(nil)
		if err := c.parseLegacy("f", b); err != nil {
			if !IsError(err) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
	})
}
