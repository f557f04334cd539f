package signature

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestVerifyAll(t *testing.T) {
	file := read(t, "file")
	mini, rsa := key(t, "minisign.pub", ""), key(t, "rsa.pub", "")
	good := Signatures{MinisignExtension: read(t, "file.minisig"), RSAExtension: read(t, "file.sig")}
	for name, c := range map[string]struct {
		ring Ring
		sigs Signatures
		want error
		id   string
	}{
		"both":                 {Ring{mini, rsa}, good, nil, mini.ID},
		"minisign":             {Ring{mini, rsa}, Signatures{MinisignExtension: good[MinisignExtension]}, nil, mini.ID},
		"RSA":                  {Ring{mini, rsa}, Signatures{RSAExtension: good[RSAExtension]}, nil, rsa.ID},
		"none":                 {Ring{mini, rsa}, nil, ErrUnsigned, ""},
		"RSA of an unknown":    {Ring{mini}, good, ErrUnknownKey, ""},
		"minisign of unknown":  {Ring{rsa}, good, ErrUnknownKey, ""},
		"changed RSA":          {Ring{mini, rsa}, Signatures{MinisignExtension: good[MinisignExtension], RSAExtension: []byte("x")}, ErrUnknownKey, ""},
		"changed, of minisign": {Ring{mini, rsa}, Signatures{MinisignExtension: []byte("x"), RSAExtension: good[RSAExtension]}, ErrBadSignature, ""},
	} {
		s, err := c.ring.VerifyAll(file, c.sigs, signedAt)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || s.Key.ID != c.id {
			t.Errorf("%s: signed by %q, %v; want %q, %v", name, s.Key.ID, err, c.id, c.want)
		}
	}
}

func TestReadBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.zip")
	sigs, err := ReadBeside(path)
	if err != nil || len(sigs) != 0 {
		t.Errorf("%v, %v", sigs, err)
	}
	for ext, b := range (Signatures{MinisignExtension: []byte("a"), RSAExtension: make([]byte, 2*MaxBytes)}) {
		if err := os.WriteFile(path+ext, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sigs, err = ReadBeside(path)
	if err != nil || len(sigs) != 2 || !bytes.Equal(sigs[MinisignExtension], []byte("a")) || len(sigs[RSAExtension]) != MaxBytes+1 {
		t.Errorf("%d signatures, %v", len(sigs), err)
	}
}
