package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// online publishes the archives with a real endpoint, from which the host upgrades.
func (u *upgraded) online(key, public, good, older string) {
	u.t.Helper()
	folder := filepath.Join(u.dir, "endpoint")
	endpoint := func(out any, args ...string) {
		u.t.Helper()
		b, err := exec.Command(filepath.Join(u.dir, "built", "virgo-endpoint"), append(args, "--json", "--dir", folder)...).CombinedOutput()
		if err == nil {
			err = json.Unmarshal(b, out)
		}
		if err != nil {
			u.t.Fatalf("virgo-endpoint %q: %v: %s", args, err, b)
		}
	}
	var made struct{ Pin, Token string }
	endpoint(&made, "init", "--host", "127.0.0.1")
	endpoint(&made, "token", "add", "--uses", "0")
	pub := filepath.Join(u.dir, "owner.pub")
	if err := os.WriteFile(pub, []byte(public), 0o600); err != nil {
		u.t.Fatal(err)
	}
	serve := exec.Command(filepath.Join(u.dir, "built", "virgo-endpoint"), "serve", "--dir", folder, "--listen", "127.0.0.1:0", "--log-level", "warn")
	out, err := serve.StdoutPipe()
	if err := errors.Join(err, serve.Start()); err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = serve.Process.Kill(); _ = serve.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		u.t.Fatal(err)
	}
	settings := "agent_id: host\nendpoint: " + strings.TrimPrefix(strings.TrimSpace(line), "listening on ") + "\npin: " + made.Pin +
		"\ntoken: " + made.Token + "\nupgrade_signers: "
	configure := func(more string) {
		u.t.Helper()
		if err := os.WriteFile(u.config, []byte(settings+more+"\n"), 0o600); err != nil {
			u.t.Fatal(err)
		}
	}
	configure(key)
	u.want(u.run(0, "virgo", "upgrade"), "nothing: the endpoint has no programs for this host")
	var any struct{}
	endpoint(&any, "bundle", "publish", "--key", pub, "--channel", "old", older)
	endpoint(&any, "bundle", "publish", "--key", pub, good)

	configure(key + "\nbundle_channel: old")
	u.want(u.run(0, "virgo", "upgrade"), "nothing newer: the endpoint has 0.0.9, and 0.1.0-aaaaaaa runs")
	u.want(u.run(0, "virgo", "upgrade", "--json"), `"changed": false`)
	configure("RWQBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB")
	u.want(u.run(1, "virgo", "upgrade"), "which is not trusted here", "hint: if you know whose key it is")
	configure(key)
	u.want(u.run(0, "virgo", "upgrade", "--check"), "0.1.0-aaaaaaa → 0.2.0-bbbbbbb is possible")
	u.want(u.run(0, "virgo", "--version"), "virgo 0.1.0 (aaaaaaa)")
	u.want(u.run(0, "virgo", "upgrade"), "0.1.0-aaaaaaa → 0.2.0-bbbbbbb")
	u.want(u.run(0, "virgo", "--version")+u.run(0, "virgo-run", "--version"), "virgo 0.2.0 (bbbbbbb)", "virgo-run 0.2.0 (bbbbbbb)")
	u.want(u.run(0, "virgo", "upgrade"), "nothing newer: the endpoint has 0.2.0, and 0.2.0-bbbbbbb runs")
	if left, _ := filepath.Glob(filepath.Join(u.bin, ".virgo", "fetching*")); len(left) != 0 {
		u.t.Errorf("left behind: %q", left)
	}
	u.run(0, "virgo-run") // delivers to it

	u.auto(func(archive string) { endpoint(&any, "bundle", "publish", "--key", pub, archive) }, func(host string) {
		u.state = "state-" + host
		settings = strings.Replace(settings, "agent_id: host\n", "agent_id: "+host+"\n", 1)
		configure(key + "\nupgrade: auto")
		settings = strings.Replace(settings, "agent_id: "+host+"\n", "agent_id: host\n", 1)
	})
}

// auto lets runs upgrade the programs. Each of them is the first one of a host, whose programs are those of the others: it is due
// at once. 0.2.0 runs, and 0.1.0 is the version before.
func (u *upgraded) auto(publish, newHost func(name string)) {
	u.t.Helper()
	const old, unchanged = "virgo 0.1.0 (aaaaaaa)", "virgo-run 0.1.0 (aaaaaaa)"
	versions := func() string { return u.run(0, "virgo", "--version") + u.run(0, "virgo-run", "--version") }
	u.run(0, "virgo", "upgrade", "--rollback")
	newHost("b")
	u.want(u.run(0, "virgo-run", "-v"), "upgrade: 0.2.0 is not tried again: virgo upgrade --rollback went back from it")
	u.want(versions(), old, unchanged)
	if printed := u.run(0, "virgo-run"); printed != "" {
		u.t.Errorf("printed %q although nothing is due", printed)
	}

	publish(u.archive("0.3.1", "bbbbbbb", func(name string, b []byte) []byte {
		return []byte("#!/bin/sh\n[ \"$1\" = --version ] && echo '" + name + " 0.3.1 (bbbbbbb)' && exit 0\necho broken >&2\nexit 1\n")
	}))
	newHost("c")
	u.want(u.run(0, "virgo-run"), "not upgraded: the trial of 0.3.1-bbbbbbb failed, nothing was changed: virgo: exit status 1: broken")
	u.want(u.run(0, "virgo", "status", "--json"), `"version": "0.3.1"`, `"looked_ms": `)
	u.want(u.run(0, "virgo", "status"), "0.3.1 is not taken: its trial failed: virgo: exit status 1: broken", "0.2.0 is not taken: ")
	newHost("d")
	if printed := u.run(0, "virgo-run"); printed != "" {
		u.t.Errorf("tried again: %q", printed)
	}
	u.want(u.run(1, "virgo", "upgrade"), "0.3.1 was refused at ")
	u.want(versions(), old, unchanged)

	publish(u.archive("0.4.0", "ddddddd", func(_ string, b []byte) []byte {
		return bytes.ReplaceAll(b, []byte(oldBuild), []byte("virgo-build 0.4.0 ddddddd;"))
	}))
	newHost("e")
	u.want(u.run(0, "virgo-run"), "upgraded: 0.1.0-aaaaaaa → 0.4.0-ddddddd, signed by the key ")
	u.want(versions(), "virgo 0.4.0 (ddddddd)", "virgo-run 0.4.0 (ddddddd)")
	if left, _ := filepath.Glob(filepath.Join(u.bin, ".virgo", "fetching*")); len(left) != 0 {
		u.t.Errorf("left behind: %q", left)
	}
}
