package signature

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key(t testing.TB, name, conditions string) Key {
	t.Helper()
	k, err := ParseKey(string(read(t, name)) + " " + conditions)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// other returns a key that has signed nothing here.
func other(t testing.TB) Key {
	t.Helper()
	_, public, err := Generate("")
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signedAt is when file.minisig was signed by its comment, 2027-01-15.
var signedAt = time.Unix(1800000000, 0)

func TestVerify(t *testing.T) {
	file := read(t, "file")
	before := signedAt.AddDate(0, 0, -30)
	changed := func(name string, at int) []byte {
		b := bytes.Clone(read(t, name))
		b[at] ^= 1
		return b
	}
	mini, rsa := key(t, "minisign.pub", ""), key(t, "rsa.pub", "")
	lookalike := other(t)
	lookalike.ID = mini.ID
	for name, c := range map[string]struct {
		ring Ring
		sig  []byte
		name string
		want error
		text string
	}{
		"prehashed":              {Ring{mini}, read(t, "file.minisig"), "file.minisig", nil, ""},
		"legacy":                 {Ring{mini}, read(t, "file.legacy.minisig"), "file.minisig", nil, ""},
		"RSA":                    {Ring{rsa}, read(t, "file.sig"), "file.sig", nil, ""},
		"second of two":          {Ring{other(t), mini}, read(t, "file.minisig"), "file.minisig", nil, ""},
		"RSA beside minisign":    {Ring{mini, rsa}, read(t, "file.sig"), "file.sig", nil, ""},
		"until later":            {Ring{key(t, "minisign.pub", "until 2027-01-16")}, read(t, "file.minisig"), "file.minisig", nil, ""},
		"no key":                 {nil, read(t, "file.minisig"), "file.minisig", ErrUnknownKey, "signed by the key " + mini.ID + ", which is not trusted here"},
		"unknown":                {Ring{other(t), rsa}, read(t, "file.minisig"), "file.minisig", ErrUnknownKey, mini.ID},
		"unknown RSA":            {Ring{mini}, read(t, "file.sig"), "file.sig", ErrUnknownKey, "none of the RSA keys"},
		"revoked":                {Ring{key(t, "minisign.pub", "revoked")}, read(t, "file.minisig"), "file.minisig", ErrRevokedKey, "which is revoked"},
		"revoked in one place":   {Ring{mini, key(t, "minisign.pub", "revoked")}, read(t, "file.minisig"), "file.minisig", ErrRevokedKey, mini.ID},
		"revoked RSA":            {Ring{key(t, "rsa.pub", "revoked")}, read(t, "file.sig"), "file.sig", ErrRevokedKey, rsa.ID},
		"expired":                {Ring{key(t, "minisign.pub", "until 2026-12-01")}, read(t, "file.minisig"), "file.minisig", ErrExpiredKey, "which expired on 2026-12-01"},
		"signed later":           {Ring{key(t, "minisign.pub", "until 2027-01-15")}, read(t, "file.minisig"), "file.minisig", ErrExpiredKey, "signed on 2027-01-15 by"},
		"expired RSA":            {Ring{key(t, "rsa.pub", "until 2026-12-16")}, read(t, "file.sig"), "file.sig", ErrExpiredKey, "expired on 2026-12-16"},
		"another key of that id": {Ring{lookalike}, read(t, "file.minisig"), "file.minisig", ErrBadSignature, "was changed"},
		"both of that id":        {Ring{lookalike, mini}, read(t, "file.minisig"), "file.minisig", nil, ""},
		"changed signature":      {Ring{mini}, changed("file.minisig", 100), "file.minisig", ErrBadSignature, mini.ID},
		"changed comment":        {Ring{mini}, bytes.Replace(read(t, "file.minisig"), []byte(":18"), []byte(":17"), 1), "file.minisig", ErrBadSignature, mini.ID},
		"changed RSA":            {Ring{rsa}, changed("file.sig", 100), "file.sig", ErrUnknownKey, "or changed since"},
		"no signature":           {Ring{mini}, []byte("hello"), "file.minisig", ErrBadSignature, "no signature of minisign"},
		"empty":                  {Ring{mini, rsa}, nil, "file.sig", ErrUnknownKey, ""},
		"empty minisign":         {Ring{mini, rsa}, nil, "file.minisig", ErrBadSignature, ""},
		"a key":                  {Ring{mini}, read(t, "minisign.pub"), "file.minisig", ErrBadSignature, ""},
		"too long":               {Ring{mini}, make([]byte, MaxBytes+1), "file.minisig", ErrBadSignature, "at most 4096"},
		"other extension":        {Ring{mini}, read(t, "file.minisig"), "file.asc", ErrBadSignature, `"file.asc"`},
		"RSA as minisign":        {Ring{mini, rsa}, read(t, "file.sig"), "file.minisig", ErrBadSignature, ""},
	} {
		signed, err := c.ring.Verify(file, c.sig, c.name, before)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.want, c.text)
			continue
		}
		if err != nil {
			if signed.Key.ID != "" || !signed.At.IsZero() {
				t.Errorf("%s: %+v beside an error", name, signed)
			}
			continue
		}
		if _, err := c.ring.Verify(append(bytes.Clone(file), '\n'), c.sig, c.name, before); err == nil {
			t.Errorf("%s: it fits a changed file", name)
		}
	}
}

func TestSignedSaysWhen(t *testing.T) {
	s, err := Ring{key(t, "minisign.pub", "")}.Verify(read(t, "file"), read(t, "file.minisig"), "x.minisig", signedAt)
	if err != nil || !s.At.Equal(signedAt) || s.Comment != "timestamp:1800000000" || s.Key.ID != "B2D6B251C7868CC1" {
		t.Errorf("%+v, %v", s, err)
	}
	for comment, want := range map[string]int64{
		"file:x\ttimestamp:5": 5, "": 0, "timestamp:": 0, "timestamp:-5": 0, "timestamp:99999999999999": 0, "xtimestamp:5": 0,
	} {
		got := timestamp(comment)
		if want == 0 && !got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("%q: %v, want %d", comment, got, want)
		}
	}
}

// What signs a file is not signed: legacy signatures are over the file, the others over its hash of 64 bytes.
func TestHashIsNoFile(t *testing.T) {
	k := key(t, "minisign.pub", "")
	s, err := ReadSecret(read(t, "minisign.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	hash := hashOf(t, []byte("what was signed"))
	sig, err := s.Sign([]byte("what was signed"), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	legacy := asLegacy(t, sig)
	if _, err := (Ring{k}).Verify(hash, legacy, "x.minisig", signedAt); !errors.Is(err, ErrBadSignature) {
		t.Errorf("a file that is the hash of a signed one passes: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(read(f, "file.minisig"), read(f, "file"))
	f.Add(read(f, "file.legacy.minisig"), read(f, "file"))
	f.Add(read(f, "file.sig"), read(f, "file"))
	ring := Ring{key(f, "minisign.pub", ""), key(f, "rsa.pub", "")}
	good := read(f, "file")
	f.Fuzz(func(t *testing.T, sig, file []byte) {
		for _, name := range []string{"x.minisig", "x.sig"} {
			signed, err := ring.Verify(file, sig, name, signedAt)
			if err == nil && !bytes.Equal(file, good) {
				t.Errorf("%q is signed by %s", file, signed.Key.ID)
			}
		}
	})
}
