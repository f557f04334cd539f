package main

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
	"virgo/transport/agentkey"
)

func TestNothingIsShownThatATerminalObeys(t *testing.T) {
	for _, r := range []rune{
		0x1b, 0x7f, 0x9b, 0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
		0x2066, 0x2067, 0x2068, 0x2069,
	} {
		text := "a" + string(r) + "b"
		var errs strings.Builder
		printError(&errs, errors.New(text))
		if errs.String() != "virgo-endpoint: error: a b\n" {
			t.Errorf("%U in an error: %q", r, errs.String())
		}
		tab := table{columns: []column{{head: "X"}, {head: "Y"}}}
		tab.row(text, "c")
		if got := string(tab.text(0, 0, false)); got != "X    Y\na b  c\n" {
			t.Errorf("%U in a table: %q", r, got)
		}
	}
}

// An agent's id and name, the fingerprint and the addresses of its warnings, and what a token says: whatever
// came from another host, no command shows an escape or a character that changes the direction of text.
func TestAgentsAndTokensAreShownPlain(t *testing.T) {
	dir := t.TempDir() + "/endpoint"
	if code, _, errs := endpoint(t, "init", "--dir", dir, "--host", "127.0.0.1"); code != exitOK {
		t.Fatal(errs)
	}
	st, err := store.Open(t.Context(), folder.Dir(dir).StoreFile())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	const id = "we\u202eb1" // no control character, so it is a valid id
	key := identity{host: "a"}.key().Public().(ed25519.PublicKey)
	other := identity{host: "b"}.key().Public().(ed25519.PublicKey)
	if _, err := st.AddKey(t.Context(), id, key, time.Now()); err != nil {
		t.Fatal(err)
	}
	a, err := st.Admit(t.Context(), intake.Claim{AgentID: id, Key: key, Proven: true, Session: 1, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Append(t.Context(), []intake.Arrival{
		{AgentID: id, Access: a.Access, Received: time.Now(), Hello: &intake.Hello{Name: "\x1b[2Jname", Session: 1, Remote: "\u202e"}},
		{AgentID: id, Received: time.Now(), OtherKey: &intake.OtherKey{Key: other, Remote: "\x1b[31m"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"agents"}, {"agents", "revoke", "web1"}, {"agents", "rename", id, "a\u202e"}, {"agents", "rename", id, "a\x1b"},
		{"agents", "revoke", "a\u202e"}, {"agents", "reset", "a\u202e"}, {"agents", "remove", "a\u202e"}, {"agents", "--all"},
		{"agents", "reset", "\x1b[2J"}, {"agents", "add", "\x1b", "--key", agentkey.Encode(other)}, {"agents", "add", "x", "--key", "\x1b"},
		{"token", "add", "--id", "b\u202e"}, {"token", "add", "--id", "\x1b"}, {"token", "add", "--endpoint", "\x1b:1"},
		{"token", "add", "--expires", "\x1b"}, {"token", "list"}, {"token", "remove", "\u202e"},
	} {
		_, out, errs := endpoint(t, append(args, "--dir", dir)...)
		if text := out + errs; text == "" || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && shorttext.Unsafe(r) }) {
			t.Errorf("%q shows %q", args, text)
		}
	}
}
