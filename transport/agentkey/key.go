package agentkey

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// EncodedKeyBytes is the length of a key in the form of [Encode], EncodedProofBytes that of a proof.
const (
	EncodedKeyBytes   = 44
	EncodedProofBytes = 88
)

// Encode returns a public key as it is on the wire and in commands: base64 (RFC 4648, section 4, with
// padding) of its 32 bytes.
func Encode(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// Parse reads a public key in the form of [Encode], with white space around it. The error does not
// repeat the text, which may be something else that was pasted.
func Parse(text string) (ed25519.PublicKey, error) {
	key, err := decode(strings.TrimSpace(text), ed25519.PublicKeySize)
	if err != nil {
		return nil, fmt.Errorf("not an agent's key: %w", err)
	}
	return key, nil
}

// EncodeProof returns a proof as it is on the wire: base64 of its 64 bytes.
func EncodeProof(proof []byte) string { return base64.StdEncoding.EncodeToString(proof) }

// ParseProof reads a proof in the form of [EncodeProof].
func ParseProof(text string) ([]byte, error) {
	proof, err := decode(text, ed25519.SignatureSize)
	if err != nil {
		return nil, fmt.Errorf("not a proof: %w", err)
	}
	return proof, nil
}

// decode reads base64 of a number of bytes. There is one text for them only: line breaks and bits
// beyond the last byte are errors.
func decode(text string, size int) ([]byte, error) {
	form := base64.StdEncoding.Strict()
	if len(text) != form.EncodedLen(size) || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%d characters of base64 are needed, there are %d", form.EncodedLen(size), len(text))
	}
	b, err := form.DecodeString(text)
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("it is not base64 of %d bytes", size)
	}
	return b, nil
}

// Fingerprint returns the name by which people compare keys: the first 16 bytes of the SHA-256 of the
// key, in hexadecimal. Bundles and their receipts use the same name.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}
