package transport

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Pin is the SHA-256 of a server's public key (SubjectPublicKeyInfo, DER), as in RFC 7469.
type Pin [sha256.Size]byte

// PinOf returns the pin of a certificate's key. A certificate that is renewed with the same key has
// the same pin.
func PinOf(cert *x509.Certificate) Pin { return sha256.Sum256(cert.RawSubjectPublicKeyInfo) }

// String returns "sha256:" and 64 hexadecimal digits.
func (p Pin) String() string { return "sha256:" + hex.EncodeToString(p[:]) }

// ParsePin reads "sha256:HEX", "sha256:BASE64", curl's "sha256//BASE64", or either encoding alone.
// Hexadecimal digits may be separated by colons, and base64 padding may be missing.
func ParsePin(s string) (Pin, error) {
	text := strings.TrimSpace(s)
	if len(text) > 6 && strings.EqualFold(text[:6], "sha256") {
		if text = text[6:]; strings.HasPrefix(text, "//") {
			text = text[2:]
		} else {
			text = strings.TrimPrefix(text, ":")
		}
	}
	digits := strings.ReplaceAll(text, ":", "")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != sha256.Size {
		text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		b, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil || len(b) != sha256.Size {
		return Pin{}, fmt.Errorf("pin %q is not the SHA-256 of a public key, in hexadecimal or base64", s)
	}
	return Pin(bytes.Clone(b)), nil
}
