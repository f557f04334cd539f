package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAnExistingAgentsFile(t *testing.T) {
	text := "# comment\nmonitoring_token abc.123\nmonitoring_id\tweb1\nmonitoring_endpoints a:1,b:2\nmonitoring_query_endpoints _x._tcp.e.org\nmonitoring_snet_region dfw\n"
	for name, load := range map[string]func(string) (Config, error){
		"run": func(p string) (Config, error) { return Load(p, true, environment()) }, "import": ImportLegacy,
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
	if _, err := ImportLegacy(write(t, "x.yaml", "endpoint: a:1\n", 0o600)); !IsOwners(err) {
		t.Errorf("another kind of file: %v", err)
	}
}

func TestImportTakesOverWhatItSays(t *testing.T) {
	c, err := LoadFile(filepath.Join(t.TempDir(), "none.yaml"), environment())
	if err != nil {
		t.Fatal(err)
	}
	made := c.AgentID
	imported, err := ImportLegacy(write(t, "agent.cfg", "monitoring_token abc\nmonitoring_endpoints a:1\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	c = c.With(imported)
	if token, err := c.Token(); token != "abc" || err != nil || c.AgentID != made || made == "" || strings.Join(c.Endpoints, "") != "a:1" {
		t.Errorf("got %+v, token %q, %v", c, token, err)
	}
}

func FuzzLegacy(f *testing.F) {
	f.Add([]byte("monitoring_token abc\nmonitoring_id a\n"))
	f.Add([]byte("# x\r\nmonitoring_endpoints a:1, b:2\r\nmonitoring_x\ty\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := defaults(nil)
		if err := c.parseLegacy("f", b); err != nil {
			if !IsOwners(err) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("taken, but %v", err)
		}
	})
}
