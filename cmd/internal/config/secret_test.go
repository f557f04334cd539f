package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func TestTokenIsNeverPrinted(t *testing.T) {
	const secret = "5ECRET"
	c, err := strictly(write(t, "virgo.yaml", "token: "+secret+"\n", 0o600), true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Token(); err != nil || got != secret {
		t.Fatalf("Token: %q, %v", got, err)
	}
	js, err := json.Marshal(struct{ S Secret }{c.Credential})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(struct {
		Config
		Env func() `json:"-"`
	}{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct{ c Config } // fmt cannot call the methods of an unexported field
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(format, hidden{c}); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s of a hidden field: %s", format, text)
		}
	}
	for _, text := range []string{
		string(whole), fmt.Sprintf("%v", &c), fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprint(c.Credential), fmt.Sprintf("%s %q %x %d", c.Credential, c.Credential, c.Credential, c.Credential), string(js),
	} {
		if !strings.Contains(text, redacted) {
			t.Errorf("%s is missing: %s", redacted, text)
		}
		if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("printed: %s", text)
		}
	}
	// Errors in the line of the token do not quote it either.
	for _, text := range []string{"token: [" + secret + "]\n", "token: {a: " + secret + "}\n", "token: " + secret + "\n bad: x\n", "tokn: " + secret + "\n", "token " + secret + ": x\n", "token: |" + secret + "\n", "token: \"" + secret + "\n", "token: @" + secret + "\n", "token: \"" + secret + "\\n\"\n",
		"monitoring_id a\n" + secret + "\n", "monitoring_id a\n" + secret + " b\n", "monitoring_token " + secret + "\x01\n", "concurrency: " + secret + "\n"} {
		_, err := strictly(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTokenSources(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "token", "  from-file\n", 0o600)
	marked := write(t, "marked", "\ufefffrom-notepad\r\n", 0o600)
	if err := os.WriteFile(filepath.Join(dir, "cred"), []byte("from-systemd"), 0o400); err != nil {
		t.Fatal(err)
	}
	env := environment("T", "from-env", "CREDENTIALS_DIRECTORY", dir, "LONG", strings.Repeat("x", maxTokenBytes+1), "LINES", "a\nb")
	for ref, want := range map[string]string{
		"file:" + file: "from-file", "file:" + marked: "from-notepad", "env:T": "from-env", "credential:cred": "from-systemd", "plain": "plain",
		"env:ABSENT": "", "env:LONG": "", "env:LINES": "", "file:" + dir: "", "credential:../cred": "", "credential:": "", "": "",
	} {
		c := Config{env: env}
		c.SetToken(ref)
		got, err := c.Token()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.40q: got %q, %v; want %q", ref, got, err, want)
		}
		if err != nil && !IsError(err) {
			t.Errorf("%.40q: %v is not an *Error", ref, err)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	path := write(t, "virgo.yaml", "token: file:keys/token\nca_file: ca.pem\n", 0o644)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys", "token"), []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := strictly(path, true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if c.CAFile != filepath.Join(dir, "ca.pem") {
		t.Errorf("ca_file %q", c.CAFile)
	}
	if token, err := c.Token(); token != "abc" || err != nil {
		t.Errorf("token %q, %v", token, err)
	}
	// A path from the command line is relative to the current folder.
	t.Chdir(filepath.Join(dir, "keys"))
	c.SetToken("file:token")
	t.Chdir(dir)
	if token, err := c.Token(); token != "abc" || err != nil {
		t.Errorf("token of the command line %q, %v", token, err)
	}
}

func TestTokenIsReadWhenNeeded(t *testing.T) {
	path := write(t, "token", "one\n", 0o600)
	c, err := strictly(write(t, "virgo.yaml", "token: file:"+path+"\n", 0o600), true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if token, err := c.Token(); token != "two" || err != nil {
		t.Errorf("token %q, %v", token, err)
	}
}
