package signature

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"virgo/collect/collecttest"
)

func hashOf(t *testing.T, file []byte) []byte {
	t.Helper()
	sum := blake2b.Sum512(file)
	return sum[:]
}

// asLegacy returns a signature over a hash that says it is one over the file.
func asLegacy(t *testing.T, sig []byte) []byte {
	t.Helper()
	lines := strings.Split(string(sig), "\n")
	raw, err := base64.StdEncoding.DecodeString(lines[1])
	if err != nil || string(raw[:2]) != "ED" {
		t.Fatalf("%q, %v", raw[:2], err)
	}
	raw[1] = 'd'
	lines[1] = base64.StdEncoding.EncodeToString(raw)
	return []byte(strings.Join(lines, "\n"))
}

func TestSign(t *testing.T) {
	for _, c := range []struct{ file, password string }{{"minisign.key", ""}, {"minisign.key", "ignored"}, {"encrypted.key", "test password"}} {
		s, err := ReadSecret(read(t, c.file), c.password)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Key().Equal(key(t, "minisign.pub", "")) {
			t.Errorf("%s: public key %s", c.file, s.Key())
		}
		sig, err := s.Sign(read(t, "file"), signedAt, "file:x.zip", "bundle:standard 1.4.0")
		if err != nil {
			t.Fatal(err)
		}
		signed, err := Ring{s.Key()}.Verify(read(t, "file"), sig, "x.zip.minisig", signedAt)
		if err != nil || signed.Comment != "timestamp:1800000000\tfile:x.zip\tbundle:standard 1.4.0" || !signed.At.Equal(signedAt) {
			t.Errorf("%+v, %v", signed, err)
		}
	}
}

func TestReadSecretRefuses(t *testing.T) {
	plain, encrypted := read(t, "minisign.key"), read(t, "encrypted.key")
	if Encrypted(plain) || !Encrypted(encrypted) || Encrypted([]byte("hello")) {
		t.Error("Encrypted")
	}
	if _, err := ReadSecret(encrypted, "wrong"); !errors.Is(err, ErrPassword) {
		t.Errorf("wrong password: %v", err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "public": read(t, "minisign.pub"), "cut": plain[:100], "long": make([]byte, MaxKeyBytes+1),
	} {
		if _, err := ReadSecret(b, ""); err == nil || strings.Contains(err.Error(), "RWQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The public half of another key.
	lines := strings.Split(string(plain), "\n")
	raw, err := base64.StdEncoding.DecodeString(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	raw[62+40] ^= 1
	s, err := ReadSecret([]byte(lines[0]+"\n"+base64.StdEncoding.EncodeToString(raw)), "")
	if err != nil {
		t.Fatal(err)
	}
	if sig, err := s.Sign([]byte("x"), signedAt); err == nil {
		t.Errorf("it signs with two halves of different keys: %q", sig)
	}
}

func TestCommentsAreOneLine(t *testing.T) {
	s, err := ReadSecret(read(t, "minisign.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range []string{"file:a\nb", "file:\x1b[2J", "file:\xff", strings.Repeat("x", MaxBytes)} {
		if sig, err := s.Sign([]byte("x"), signedAt, note); err == nil {
			t.Errorf("%q is signed: %q", note, sig)
		}
	}
}

func TestGenerate(t *testing.T) {
	secret, public, err := Generate("")
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSecret(secret, "")
	if err != nil || !s.Key().Equal(k) || k.Equal(other(t)) {
		t.Errorf("the secret key has another public key: %v", err)
	}
}

// TestRealMinisign signs with each program and verifies with the other.
func TestRealMinisign(t *testing.T) {
	program := collecttest.Program(t, "minisign", "minisign")
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	minisign := func(in string, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader(in)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("minisign %q: %v: %s", args, err, out)
		}
	}
	const password = "correct horse"
	file := bytes.Repeat([]byte("a bundle\n"), 1000)
	write("x.zip", file)

	// Ours, theirs: signature and keys, with a password too.
	secret, public, err := Generate(password)
	if err != nil {
		t.Fatal(err)
	}
	protected, err := ParseKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	plain, plainPublic, err := Generate("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSecret(plain, "")
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(file, signedAt, "file:x.zip")
	if err != nil {
		t.Fatal(err)
	}
	write("ours.key", secret)
	write("plain.key", plain)
	write("ours.pub", plainPublic)
	write("x.zip.minisig", sig)
	minisign("", "-V", "-H", "-m", "x.zip", "-p", "ours.pub")
	minisign("", "-V", "-m", "x.zip", "-P", s.Key().Text())
	minisign(password+"\n", "-S", "-m", "x.zip", "-s", "ours.key", "-x", "theirs.minisig")
	minisign("", "-S", "-W", "-m", "x.zip", "-s", "plain.key", "-x", "plain.minisig")
	verify := func(k Key, name string) {
		t.Helper()
		b, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (Ring{k}).Verify(file, b, name, signedAt); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	verify(protected, "theirs.minisig")
	verify(s.Key(), "plain.minisig")

	// Theirs, ours.
	minisign("", "-G", "-W", "-s", "theirs.key", "-p", "theirs.pub")
	theirs, err := os.ReadFile(path("theirs.pub"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(string(theirs))
	if err != nil {
		t.Fatal(err)
	}
	minisign("", "-S", "-W", "-m", "x.zip", "-s", "theirs.key", "-x", "hash.minisig")
	minisign("", "-S", "-W", "-l", "-m", "x.zip", "-s", "theirs.key", "-x", "legacy.minisig", "-t", "ünïcode")
	verify(k, "hash.minisig")
	verify(k, "legacy.minisig")
}

// TestRealOpenSSL verifies what openssl signed with a key that it made.
func TestRealOpenSSL(t *testing.T) {
	program := collecttest.Program(t, "openssl", "openssl")
	dir := t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %q: %v: %s", args, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x.zip"), read(t, "file"), 0o600); err != nil {
		t.Fatal(err)
	}
	openssl("genrsa", "-out", "rsa.key", "3072")
	openssl("rsa", "-in", "rsa.key", "-pubout", "-out", "rsa.pub")
	openssl("dgst", "-sha256", "-sign", "rsa.key", "-out", "x.zip.sig", "x.zip")
	openssl("dgst", "-sha512", "-sign", "rsa.key", "-out", "other.sig", "x.zip")
	get := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	k, err := ParseKey(string(get("rsa.pub")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Ring{k}).Verify(read(t, "file"), get("x.zip.sig"), "x.zip.sig", signedAt); err != nil {
		t.Error(err)
	}
	if _, err := (Ring{k}).Verify(read(t, "file"), get("other.sig"), "x.zip.sig", signedAt); err == nil {
		t.Error("a signature over another hash fits")
	}
}
