package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/programs"
	"virgo/collect/collecttest"
	"virgo/schedule/signature"
	"virgo/spool"
)

const (
	oldBuild = "virgo-build 0.1.0 aaaaaaa;"
	newBuild = "virgo-build 0.2.0 bbbbbbb;" // of the same length: it is written over the other in the file
)

// An upgraded is a host whose programs are replaced.
type upgraded struct {
	t        *testing.T
	bin, dir string // of the programs, and of all else
	config   string
	state    string // name of its folder
	signer   signature.Signer
}

// run runs a program and returns all that it prints.
func (u *upgraded) run(code int, program string, args ...string) string {
	u.t.Helper()
	cmd := exec.Command(filepath.Join(u.bin, program), args...)
	cmd.Env = append(os.Environ(), "VIRGO_CONFIG="+u.config, "VIRGO_STATE="+filepath.Join(u.dir, u.state),
		"VIRGO_PLUGINS="+filepath.Join(u.dir, "plugins"), "PATH="+u.dir+":/bin:/usr/bin")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if got := 0; err != nil {
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		}
		if got != code {
			u.t.Fatalf("%s %q: %v: %s", program, args, err, out)
		}
	} else if code != 0 {
		u.t.Fatalf("%s %q succeeds: %s", program, args, out)
	}
	return string(out)
}

// archive packs and signs the programs that change returns.
func (u *upgraded) archive(version, commit string, change func(name string, b []byte) []byte) (path string) {
	u.t.Helper()
	content := map[string][]byte{}
	for _, name := range programs.Names("linux") {
		b, err := os.ReadFile(filepath.Join(u.dir, "built", name))
		if err != nil {
			u.t.Fatal(err)
		}
		content[name] = change(name, b)
	}
	m := programs.Manifest{Version: version, Commit: commit, OS: "linux", Arch: runtime.GOARCH}
	b, err := programs.Pack(m, content)
	if err != nil {
		u.t.Fatal(err)
	}
	sig, err := u.signer.Sign(b, time.Now())
	path = filepath.Join(u.dir, "virgo-"+version+"-linux-"+runtime.GOARCH+".zip")
	if err := errors.Join(err, os.WriteFile(path, b, 0o644), os.WriteFile(path+".minisig", sig, 0o644)); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func rebuilt(_ string, b []byte) []byte {
	return bytes.ReplaceAll(b, []byte(oldBuild), []byte(newBuild))
}

func (u *upgraded) want(text string, parts ...string) {
	u.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			u.t.Errorf("no %q in: %s", part, text)
		}
	}
}

// TestUpgradeOfRealPrograms replaces two programs that were built, and goes back.
func TestUpgradeOfRealPrograms(t *testing.T) {
	collecttest.Thorough(t, "builds the programs")
	dir, err := os.MkdirTemp("", "virgo-upgrade-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	u := &upgraded{t: t, dir: dir, bin: filepath.Join(dir, "bin"), config: filepath.Join(dir, "virgo.yaml"), state: "state"}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", `-s -w -X "virgo/cmd/internal/agent.build=`+oldBuild+`"`,
		"-o", filepath.Join(dir, "built")+"/", "virgo/cmd/virgo", "virgo/cmd/virgo-run", "virgo/cmd/virgo-endpoint")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	secret, public, err := signature.Generate("")
	if err == nil {
		u.signer, err = signature.ReadSecret(secret, "")
	}
	key := strings.Split(string(public), "\n")[1]
	if err := errors.Join(err, os.Mkdir(u.bin, 0o755), os.MkdirAll(filepath.Join(dir, "checks.d"), 0o755),
		os.WriteFile(filepath.Join(dir, "checks.d", "a.yaml"), []byte("- {id: m, type: agent.memory, period: 60}\n"), 0o644),
		os.WriteFile(u.config, []byte("agent_id: host\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range programs.Names("linux") {
		b, err := os.ReadFile(filepath.Join(dir, "built", name))
		if err := errors.Join(err, os.WriteFile(filepath.Join(u.bin, name), b, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	u.run(0, "virgo", "run", "--no-deliver")

	good := u.archive("0.2.0", "bbbbbbb", rebuilt)
	u.want(u.run(2, "virgo", "upgrade", "--file", good), "no key may sign the programs", "upgrade_signers: [RWQ")
	if err := os.WriteFile(u.config, []byte("agent_id: host\nupgrade_signers: "+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	// Nothing changes with what is refused.
	before := u.run(0, "virgo", "--version") + u.run(0, "virgo-run", "--version")
	tampered := filepath.Join(dir, "tampered.zip")
	b, err := os.ReadFile(good)
	sig, errSig := os.ReadFile(good + ".minisig")
	b[len(b)/2] ^= 1
	if err := errors.Join(err, errSig, os.WriteFile(tampered, b, 0o644)); err != nil {
		t.Fatal(err)
	}
	u.want(u.run(1, "virgo", "upgrade", "--file", tampered), "not signed", "hint: minisign -Sm")
	if err := os.WriteFile(tampered+".minisig", sig, 0o644); err != nil {
		t.Fatal(err)
	}
	u.want(u.run(1, "virgo", "upgrade", "--file", tampered), "the file or the signature was changed")
	older := u.archive("0.0.9", "ccccccc", rebuilt)
	u.want(u.run(2, "virgo", "upgrade", "--file", older), "0.0.9 is not newer than 0.1.0", "--allow-downgrade")
	// Its archive says another version than its programs do.
	u.want(u.run(1, "virgo", "upgrade", "--file", older, "--allow-downgrade"), "the trial of 0.0.9-ccccccc failed, nothing was changed",
		`virgo: says that it is "virgo 0.2.0 (bbbbbbb)"`)
	broken := u.archive("0.3.0", "bbbbbbb", func(name string, b []byte) []byte {
		if name == "virgo-run" {
			return []byte("#!/bin/sh\n[ \"$1\" = --version ] && echo 'virgo-run 0.3.0 (bbbbbbb)' && exit 0\necho broken >&2\nexit 1\n")
		}
		return []byte("#!/bin/sh\necho 'virgo 0.3.0 (bbbbbbb)'\n")
	})
	u.want(u.run(1, "virgo", "upgrade", "--file", broken), "virgo-run: exit status 1: broken")
	u.want(u.run(1, "virgo", "upgrade", "--rollback"), "there is no previous version")
	u.want(u.run(2, "virgo", "upgrade", "--file", good, "--rollback"), "--file and --rollback exclude each other")
	u.want(u.run(2, "virgo", "upgrade"), "no endpoint is configured", "--file ARCHIVE")
	u.want(u.run(0, "virgo", "upgrade", "--file", good, "--check"), "0.1.0-aaaaaaa → 0.2.0-bbbbbbb is possible")
	fake := filepath.Join(dir, "dpkg-query")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho \"virgo: $2\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	u.want(u.run(2, "virgo", "upgrade", "--file", good), "was installed as the package virgo", "hint: apt-get install --only-upgrade virgo")
	os.Remove(fake)
	unlock, ok, err := spool.TryLock(filepath.Join(u.bin, ".virgo", "lock"))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	u.want(u.run(3, "virgo", "upgrade", "--file", good), "another upgrade is running")
	_ = unlock()
	if after := u.run(0, "virgo", "--version") + u.run(0, "virgo-run", "--version"); after != before {
		t.Errorf("%s, and before %s", after, before)
	}

	// The switch, with what is stored and due as it was.
	stored := u.run(0, "virgo", "spool", "status", "--json")
	u.want(u.run(0, "virgo", "upgrade", "--file", good, "--json"), `"to": "0.2.0-bbbbbbb"`, `"changed": true`)
	u.want(u.run(0, "virgo", "--version")+u.run(0, "virgo-run", "--version"), "virgo 0.2.0 (bbbbbbb)", "virgo-run 0.2.0 (bbbbbbb)")
	if after := u.run(0, "virgo", "spool", "status", "--json"); after != stored {
		t.Errorf("the trial changed the state: %s, was %s", after, stored)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "state", ".trial-*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	u.run(0, "virgo-run", "--no-deliver")
	u.want(u.run(2, "virgo", "upgrade", "--file", good), "0.2.0-bbbbbbb runs already")
	u.want(u.run(0, "virgo", "install", "--print"), filepath.Join(u.bin, ".virgo", "current", "virgo-run"))
	u.want(u.run(1, "virgo", "check", "remote.tcp", "target=127.0.0.1", "port=1"), "connecting to 127.0.0.1:1") // by a worker of its build

	u.want(u.run(0, "virgo", "upgrade", "--rollback"), "0.2.0-bbbbbbb → 0.1.0-aaaaaaa")
	u.want(u.run(0, "virgo", "--version")+u.run(0, "virgo-run", "--version"), "virgo 0.1.0 (aaaaaaa)", "virgo-run 0.1.0 (aaaaaaa)")
	u.run(0, "virgo-run", "--no-deliver")

	u.online(key, string(public), good, older)
}
