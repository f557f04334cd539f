package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"aead.dev/minisign"

	"virgo/schedule/shorttext"
)

// ErrPassword is returned for a secret key that the password does not open.
var ErrPassword = errors.New("wrong password, or the secret key is damaged")

// A Signer signs in minisign's format.
type Signer struct{ key minisign.PrivateKey }

// Generate makes a pair of keys, in the form of minisign's files. With an empty password the secret
// one is not encrypted; otherwise it takes a gigabyte of memory for a moment, as everything that
// tries a password does.
func Generate(password string) (secret, public []byte, err error) {
	pub, key, err := minisign.GenerateKey(nil)
	if err != nil {
		return nil, nil, err
	}
	if password == "" {
		secret, err = key.MarshalText()
	} else {
		secret, err = minisign.EncryptKey(password, key)
	}
	if err != nil {
		return nil, nil, err
	}
	public, err = pub.MarshalText()
	return append(secret, '\n'), append(public, '\n'), err
}

// Encrypted reports whether a secret key needs a password.
func Encrypted(secret []byte) bool { return minisign.IsEncrypted(trimLine(secret)) }

// ReadSecret reads a secret key, as Generate and `minisign -G` write it.
func ReadSecret(secret []byte, password string) (Signer, error) {
	if len(secret) > MaxKeyBytes {
		return Signer{}, fmt.Errorf("a secret key of %d bytes; at most %d are allowed", len(secret), MaxKeyBytes)
	}
	secret = trimLine(secret)
	if minisign.IsEncrypted(secret) {
		key, err := minisign.DecryptKey(password, secret)
		if err != nil {
			return Signer{}, ErrPassword
		}
		return Signer{key}, nil
	}
	var key minisign.PrivateKey
	if err := key.UnmarshalText(secret); err != nil {
		return Signer{}, errors.New("this is no secret key of minisign")
	}
	return Signer{key}, nil
}

// trimLine removes the line ends of some editors.
func trimLine(secret []byte) []byte {
	return []byte(strings.TrimSpace(strings.ReplaceAll(string(secret), "\r\n", "\n")))
}

// Key returns the public key, without conditions.
func (s Signer) Key() Key {
	public, ok := s.key.Public().(minisign.PublicKey)
	if !ok {
		return Key{}
	}
	return Key{ID: formatID(public.ID()), ed25519: &public}
}

// Sign returns the signature of a file. Its comment, which is signed, has the time and the notes,
// such as file:standard-1.4.0.zip.
func (s Signer) Sign(file []byte, now time.Time, notes ...string) ([]byte, error) {
	comment := strings.Join(append([]string{fmt.Sprintf("timestamp:%d", now.Unix())}, notes...), "\t")
	unsafe := func(r rune) bool { return r != '\t' && shorttext.Unsafe(r) }
	if !utf8.ValidString(comment) || strings.ContainsFunc(comment, unsafe) {
		return nil, fmt.Errorf("%q cannot be in a signature's comment", comment)
	}
	in := minisign.NewReader(bytes.NewReader(file))
	if _, err := io.Copy(io.Discard, in); err != nil {
		return nil, err
	}
	sig := in.SignWithComments(s.key, comment, "signature by virgo with the key "+s.Key().ID)
	if len(sig) > MaxBytes {
		return nil, fmt.Errorf("the signature would have %d bytes; at most %d are allowed", len(sig), MaxBytes)
	}
	// A file may hold a secret key beside another's public one; what it signs would fit neither.
	if _, err := (Ring{s.Key()}).Verify(file, sig, MinisignExtension, now); err != nil {
		return nil, fmt.Errorf("the secret key does not fit its public key: %w", err)
	}
	return sig, nil
}
