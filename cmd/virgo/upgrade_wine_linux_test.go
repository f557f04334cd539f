package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/programs"
	"virgo/schedule/signature"
	"virgo/spool/winetest"
)

// testUpgrade replaces both programs, of which one runs, and goes back.
func testUpgrade(t *testing.T, w *winetest.Wine) {
	t.Helper()
	older := []byte("virgo-build " + agent.BuildID())
	newer := bytes.Replace(older, []byte(" 0.1.0"), []byte(" 0.1.1"), 1)
	version := strings.Replace(agent.Release(), "0.1.0", "0.1.1", 1)
	if bytes.Equal(older, newer) {
		t.Fatalf("the build is %q, which this test does not know", older)
	}
	folder := filepath.Join(w.Dir, "upgraded")
	content := map[string][]byte{}
	err := os.Mkdir(folder, 0o755)
	for _, name := range programs.Names("windows") {
		b, errRead := os.ReadFile(filepath.Join(w.Dir, name))
		err = errors.Join(err, errRead, os.WriteFile(filepath.Join(folder, name), b, 0o755))
		content[name] = bytes.ReplaceAll(b, older, newer)
	}
	secret, public, errKey := signature.Generate("")
	signer, errSecret := signature.ReadSecret(secret, "")
	archive, errPack := programs.Pack(programs.Manifest{Version: version, Commit: agent.Commit(), OS: "windows", Arch: "amd64"}, content)
	if err := errors.Join(err, errKey, errSecret, errPack); err != nil {
		t.Fatal(err)
	}
	sig, err := signer.Sign(archive, time.Now())
	path := filepath.Join(folder, "new.zip")
	config := "agent_id: host\nupgrade_signers: " + strings.Split(string(public), "\n")[1] + "\n"
	if err := errors.Join(err, os.WriteFile(path, archive, 0o644), os.WriteFile(path+".minisig", sig, 0o644),
		os.WriteFile(filepath.Join(folder, "virgo.yaml"), []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"virgo.exe", "upgrade", "--file", `upgraded\new.zip`}, " → " + version},
		{[]string{"virgo.exe", "--version"}, "virgo " + version},
		{[]string{"virgo-run.exe", "--version"}, "virgo-run " + version},
		{[]string{"virgo.exe", "upgrade", "--rollback"}, version + " → "},
		{[]string{"virgo.exe", "--version"}, "virgo " + agent.Release()},
		{[]string{"virgo-run.exe", "--version"}, "virgo-run " + agent.Release()},
	} {
		args := append([]string{`upgraded\` + tt.args[0]}, tt.args[1:]...)
		if tt.args[1] == "upgrade" {
			args = append(args, `--config=upgraded\virgo.yaml`, `--state=upgraded\state`)
		}
		if out, code := w.Run(args...); code != 0 || !strings.Contains(out, tt.want) {
			t.Errorf("%q ended with %d and printed %q; want %q", args, code, out, tt.want)
		}
	}
}
