package folder

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClientIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "client-ids.yaml")
	discard := slog.New(slog.DiscardHandler)
	if _, err := LoadClientIDs(path, true, discard); !errors.Is(err, ErrBadClientIDs) {
		t.Errorf("a missing file that was named: %v", err)
	}
	ids, err := LoadClientIDs(path, false, discard)
	if err != nil {
		t.Fatal(err)
	}
	may := func(want, wantRelay bool, agent string, names ...string) {
		t.Helper()
		if ok, relay := ids.May(names, agent); ok != want || relay != wantRelay {
			t.Errorf("%v as %s: %v, %v", names, agent, ok, relay)
		}
	}
	may(true, false, "web1", "web1")
	may(true, false, "web1", "other", "web1")
	may(false, false, "web1", "web2")
	may(false, false, "web1")

	write := func(text string) {
		t.Helper()
		if err := WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("web1.example.com: web1\ndb: [db1, 7]\nrelay: any\nweb2: [any, x]\n")
	may(true, false, "web1", "web1.example.com")
	may(false, false, "web1.example.com", "web1.example.com") // it is mapped to another
	may(true, false, "db1", "db")
	may(true, false, "7", "db")
	may(false, false, "db", "db")
	may(true, false, "web3", "web3") // not mapped
	may(true, true, "whoever", "relay")
	may(true, false, "any", "web2") // an id among others is an id
	may(false, false, "web1", "web2")

	// A mistake does not let anybody in, nor out.
	for _, bad := range []string{"- web1\n", "a: {b: c}\n", "a: ''\n", "a: [b, [c]]\n", "a: true\n", "a\n", "a: b: c\n"} {
		write(bad)
		may(true, false, "web1", "web1.example.com")
		if _, err := LoadClientIDs(path, true, discard); !errors.Is(err, ErrBadClientIDs) ||
			!strings.Contains(err.Error(), "client-ids.yaml") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	may(true, false, "web1.example.com", "web1.example.com")
	may(false, false, "web1", "web1.example.com")
}

func FuzzClientIDs(f *testing.F) {
	f.Add([]byte("a: b\nc: [d, e]\nf: any\n"))
	f.Add([]byte("{a: 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := parseClientIDs("f", data)
		for name, list := range ids {
			for _, id := range list {
				if id == "" || err != nil {
					t.Errorf("%q: %q, %v", name, id, err)
				}
			}
		}
	})
}
