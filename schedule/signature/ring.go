package signature

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aead.dev/minisign"
)

// Extensions of signatures: the name of one is that of its file with one of them behind it.
const (
	MinisignExtension = ".minisig"
	RSAExtension      = ".sig"
)

// MaxBytes bounds a signature.
const MaxBytes = 4 << 10

// Errors of Ring.Verify. The errors that wrap them name the key.
var (
	// ErrUnknownKey is returned when no key of the ring made the signature.
	ErrUnknownKey = errors.New("unknown key")
	// ErrExpiredKey is returned when the key is refused by its date, or the signature is from a later day.
	ErrExpiredKey = errors.New("expired key")
	// ErrRevokedKey is returned when the key is revoked.
	ErrRevokedKey = errors.New("revoked key")
	// ErrBadSignature is returned when the signature is not that of the file, or none.
	ErrBadSignature = errors.New("bad signature")
)

// An Error says why a signature is refused.
type Error struct {
	Reason error // one of the errors above
	KeyID  string
	Text   string
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// A Ring has the keys that an owner trusts.
type Ring []Key

// Revokes reports whether a key is revoked, by its id.
func (r Ring) Revokes(id string) bool {
	return slices.ContainsFunc(r, func(k Key) bool { return k.ID == id && k.Revoked })
}

// A Signed says who signed a file.
type Signed struct {
	Key     Key
	Comment string    // signed with the file; empty for RSA. It may have any characters
	At      time.Time // by the signer's clock; zero: not known, as for RSA
}

// Verify returns who signed a file. The name of the signature ends with one of the
// extensions. Error: *Error.
func (r Ring) Verify(file, sig []byte, name string, now time.Time) (Signed, error) {
	if len(sig) > MaxBytes {
		return Signed{}, bad("the signature has %d bytes; at most %d are allowed", len(sig), MaxBytes)
	}
	switch {
	case strings.HasSuffix(name, MinisignExtension):
		return r.verifyMinisign(file, sig, now)
	case strings.HasSuffix(name, RSAExtension):
		return r.verifyRSA(file, sig, now)
	}
	return Signed{}, bad("a signature's name ends with %s or %s; this one is %.120q",
		MinisignExtension, RSAExtension, name)
}

func bad(format string, args ...any) error {
	return &Error{Reason: ErrBadSignature, Text: fmt.Sprintf(format, args...)}
}

func (r Ring) verifyMinisign(file, sig []byte, now time.Time) (Signed, error) {
	var s minisign.Signature
	if err := s.UnmarshalText(sig); err != nil {
		return Signed{}, bad("this is no signature of minisign")
	}
	id := formatID(s.KeyID)
	// Which of both ways signed the file is not signed: a signature of the file's hash would fit a
	// file of 64 bytes that is that hash.
	if s.Algorithm == minisign.EdDSA && len(file) == 64 {
		return Signed{}, bad("a file of 64 bytes needs a signature over its hash")
	}
	return r.choose(id, now, func(k Key) (Signed, bool) {
		if k.ed25519 == nil || k.ID != id || !minisign.Verify(*k.ed25519, file, sig) {
			return Signed{}, false
		}
		return Signed{Key: k, Comment: s.TrustedComment, At: timestamp(s.TrustedComment)}, true
	})
}

func (r Ring) verifyRSA(file, sig []byte, now time.Time) (Signed, error) {
	sum := sha256.Sum256(file)
	return r.choose("", now, func(k Key) (Signed, bool) {
		if k.rsa == nil || rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, sum[:], sig) != nil {
			return Signed{}, false
		}
		return Signed{Key: k}, true
	})
}

// choose returns the result of the first key that verifies. That key may be in the ring several
// times: if it is revoked or expired in one place, it is in all.
func (r Ring) choose(id string, now time.Time, verify func(Key) (Signed, bool)) (found Signed, err error) {
	known, ok := false, false
	for _, k := range r {
		known = known || k.ID == id
		s, fits := verify(k)
		switch {
		case !fits:
			continue
		case k.Revoked:
			return Signed{}, &Error{ErrRevokedKey, k.ID, fmt.Sprintf("signed by the key %s, which is revoked", k.ID)}
		case k.Expired(now):
			return Signed{}, &Error{ErrExpiredKey, k.ID, fmt.Sprintf("signed by the key %s, which expired on %s",
				k.ID, k.Until.Format(DateLayout))}
		case k.Expired(s.At):
			return Signed{}, &Error{ErrExpiredKey, k.ID, fmt.Sprintf(
				"signed on %s by the key %s, which had expired on %s",
				s.At.UTC().Format(DateLayout), k.ID, k.Until.Format(DateLayout))}
		}
		if !ok {
			found, ok = s, true
		}
	}
	switch {
	case ok:
		return found, nil
	case known:
		return Signed{}, &Error{ErrBadSignature, id, fmt.Sprintf(
			"the signature by the key %s does not fit: the file or the signature was changed", id)}
	case id != "":
		return Signed{}, &Error{ErrUnknownKey, id, fmt.Sprintf("signed by the key %s, which is not trusted here", id)}
	}
	return Signed{}, &Error{ErrUnknownKey, "", "signed by none of the RSA keys that are trusted here, or changed since"}
}

// timestamp returns the time in a comment of minisign; zero: it has none.
func timestamp(comment string) time.Time {
	for part := range strings.SplitSeq(comment, "\t") {
		if digits, ok := strings.CutPrefix(part, "timestamp:"); ok {
			if seconds, err := strconv.ParseInt(digits, 10, 64); err == nil && seconds > 0 && seconds <= maxTimestamp {
				return time.Unix(seconds, 0)
			}
		}
	}
	return time.Time{}
}

// maxTimestamp is the end of the year 9999: later times have no common text.
const maxTimestamp = 253402300799
