package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// results shows what can be read of a damaged store, and says with its exit code that there is more.
func TestResultsCommandOfADamagedStore(t *testing.T) {
	dir := t.TempDir() + "/endpoint"
	if code, _, errs := endpoint(t, "init", "--dir", dir); code != exitOK {
		t.Fatal(errs)
	}
	file := folder.Dir(dir).StoreFile()
	st, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	key := identity{host: "web1"}.key().Public().(ed25519.PublicKey)
	if _, err := st.AddKey(t.Context(), "web1", key, time.UnixMilli(1)); err != nil {
		t.Fatal(err)
	}
	admission, err := st.Admit(t.Context(), intake.Claim{AgentID: "web1", Key: key, Proven: true, Session: 1})
	if err != nil {
		t.Fatal(err)
	}
	var batch []intake.Arrival
	for i := range 500 {
		batch = append(batch, intake.Arrival{AgentID: "web1", Access: admission.Access, Received: time.UnixMilli(int64(1 + i)), Results: []intake.Result{{
			ResultID: fmt.Sprint(i), CheckID: "c", CheckType: "t", State: "available", Status: "fine",
			Time: time.UnixMilli(int64(i)), Params: fmt.Appendf(nil, `{"x":"%x"}`, sha512.Sum512(fmt.Append(nil, i))),
		}}})
	}
	if _, err := st.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	segments, err := filepath.Glob(filepath.Join(filepath.Dir(file), "segments", "*.db"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	file = segments[0]
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	middle := len(data) / 2 / 4096 * 4096
	copy(data[middle:], bytes.Repeat([]byte{0}, 2*4096))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}

	code, out, errs := endpoint(t, "results", "--dir", dir, "--limit", "0")
	shown := strings.Count(out, "web1")
	if code != exitUnread || shown < 400 || shown == 500 || !strings.Contains(errs, fmt.Sprintf("%d stored results cannot be read", 500-shown)) ||
		!strings.Contains(errs, "hint: a damaged segment costs its own results alone: keep a copy of the file") {
		t.Errorf("exit code %d, %d results, %s", code, shown, errs)
	}
	code, out, _ = endpoint(t, "results", "--dir", dir, "--limit", "0", "--json")
	var doc struct {
		Results []json.RawMessage
		Unread  int
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitUnread || len(doc.Results) != shown || doc.Unread != 500-shown {
		t.Errorf("exit code %d, %d results, %d unread, %v", code, len(doc.Results), doc.Unread, err)
	}
}

// endpoint runs the program.
func endpoint(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, stdio{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}
