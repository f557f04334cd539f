package installed

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"virgo/schedule/signature"
)

// What a run takes for revoked or expired is what package signature takes for that.
func TestConditions(t *testing.T) {
	file := func(name string) string {
		t.Helper()
		b, err := os.ReadFile("../../../schedule/signature/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	read := func(path string) ([]byte, error) {
		if path == "/etc/a b.pub" {
			return []byte(file("minisign.pub")), nil
		}
		if path == "/etc/rsa.pem" {
			return []byte(file("rsa.pub")), nil
		}
		if path == "/etc/old.pub" {
			return []byte(file("minisign.pub") + "revoked\n"), nil
		}
		return nil, errors.New("no such file")
	}
	key := func(name string) signature.Key {
		t.Helper()
		k, err := signature.ParseKey(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	mini, other := key("minisign.pub"), key("rsa.pub")
	pkcs1 := pkcs1Of(t, file("rsa.pub"))
	for _, signer := range []string{
		mini.Text(), mini.Text() + " revoked", mini.Text() + " until 2027-06-30 revoked", mini.Text() + " revoked until 2027-06-30",
		mini.Text() + " until 2027-06-30", other.Text() + " revoked", "/etc/a b.pub revoked", "/etc/a b.pub until 2027-06-30 revoked", "/etc/a b.pub",
		"/etc/rsa.pem revoked", "/etc/none revoked", "x revoked", "revoked", "",
		// What an owner pastes into a text of several lines.
		file("minisign.pub") + "revoked", "untrusted comment: revoked\n" + mini.Text(), "# old\n" + mini.Text() + "\nuntil 2027-06-30",
		file("rsa.pub") + "revoked", file("rsa.pub") + " until 2027-06-30", pkcs1, pkcs1 + "revoked",
		"/etc/old.pub", "/etc/old.pub until 2027-06-30", mini.Text() + " never",
	} {
		var want []Condition
		if k, err := signature.ParseSigner(signer, read); err == nil && (k.Revoked || !k.Until.IsZero()) {
			want = []Condition{{k.ID, k.Revoked, k.Until}}
		}
		if got := Conditions([]string{signer}, read); !slices.Equal(got, want) {
			t.Errorf("%.80q: %+v, want %+v", signer, got, want)
		}
	}
}

// A hash says whether the keys are others, also where the settings name their files.
func TestKeysHash(t *testing.T) {
	content := "RWQ"
	read := func(path string) ([]byte, error) {
		if path != "/etc/a.pub" {
			t.Errorf("read %q", path)
		}
		return []byte(content), nil
	}
	seen := map[string]bool{}
	note := func(signers ...string) {
		t.Helper()
		h := KeysHash(signers, read)
		if seen[h] || h != KeysHash(signers, read) {
			t.Errorf("%q: %s", signers, h)
		}
		seen[h] = true
	}
	note()
	note("/etc/a.pub")
	note("/etc/a.pub revoked")
	note("/etc/a.pub until 2027-01-01")
	content = "RWR"
	note("/etc/a.pub")
	note("/etc/a.pub", "/etc/a.pub")
}

// pkcs1Of returns an RSA key in the other of both forms that PEM has.
func pkcs1Of(t *testing.T, spki string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(spki))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := public.(*rsa.PublicKey)
	if !ok {
		t.Fatalf("%T", public)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(k)}))
}

// A bundle by a revoked key is not run: the previous one is, if another key signed it.
func TestUseOfRevoked(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	install(t, l, "1.0.0", "one")
	c := candidate("2.0.0", "two")
	c.Ref.Key = "RWQ2"
	if _, err := l.Install(c, Allow{}, at(1)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		revoked []string
		want    string
	}{{nil, "2.0.0"}, {[]string{"RWQ2"}, "1.0.0"}, {[]string{"RWQ1"}, "2.0.0"}, {[]string{"RWQ1", "RWQ2"}, ""}} {
		u, err := f.Use(func(id string) bool { return slices.Contains(tt.revoked, id) })
		if err == nil {
			u.File.Close()
		}
		if u.Ref.Version != tt.want || (err == nil) != (tt.want != "") || (u.Damaged != nil) != (tt.want == "1.0.0") {
			t.Errorf("%q: %+v, %v", tt.revoked, u, err)
		}
	}
}

// A thief's version is no bar to the next one of the owner's signer, however large it is, and not the way back from it.
func TestVersionOfRevoked(t *testing.T) {
	stolen := Allow{Revoked: func(id string) bool { return id == "RWQ2" }}
	f := newFolder(t)
	l := lock(t, f)
	steal := func(version string) {
		t.Helper()
		c := candidate(version, version)
		c.Ref.Key = "RWQ2"
		if _, err := l.Install(c, Allow{}, at(1)); err != nil {
			t.Fatal(err)
		}
	}
	steal("99999999999999999.0.0")
	if _, err := l.Install(candidate("1.0.0", "one"), Allow{}, at(2)); err == nil {
		t.Fatal("an older version is taken")
	}
	i, err := l.Install(candidate("1.0.0", "one"), stolen, at(2))
	if err != nil || i.Current.Version != "1.0.0" || !i.Previous.IsZero() {
		t.Fatalf("%+v, %v", i, err)
	}
	if _, err := l.MarkGood(i.Current.SHA256); err != nil {
		t.Fatal(err)
	}
	steal("99999999999999998.0.0")
	if _, err := l.Install(candidate("0.9.0", "old"), stolen, at(3)); err == nil || !strings.Contains(err.Error(), "older than 1.0.0, which is installed") {
		t.Errorf("one that is older than the one before: %v", err)
	}
	if i, err = l.Install(candidate("1.1.0", "new"), stolen, at(3)); err != nil || i.Current.Version != "1.1.0" || i.Previous.Version != "1.0.0" {
		t.Fatalf("%+v, %v", i, err)
	}
	if i, err = l.SwitchBack(i.Current.SHA256, "it fails", at(4)); err != nil || i.Current.Version != "1.0.0" {
		t.Errorf("the way back: %+v, %v", i, err)
	}
}
