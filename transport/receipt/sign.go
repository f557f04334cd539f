package receipt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// form is the version of the format.
const form = 1

// signedPrefix separates receipts from everything else that the same key signs.
const signedPrefix = "virgo receipt 1\x00"

const (
	algECDSA   = "ecdsa-sha256"
	algEd25519 = "ed25519"
	algRSA     = "rsa-pss-sha256"
)

// minRSABits is the shortest RSA key that is accepted.
const minRSABits = 2048

// document is the outer JSON object.
type document struct {
	Form         int      `json:"virgo_receipt"`
	Payload      *string  `json:"payload"`
	Algorithm    string   `json:"algorithm"`
	Signature    []byte   `json:"signature"`
	Certificates [][]byte `json:"certificates"`
}

// payload is the signed JSON object.
type payload struct {
	Agent    string    `json:"agent"`
	Bundle   string    `json:"bundle"`
	Ranges   []Range   `json:"ranges"`
	Refused  []Refused `json:"refused"`
	Endpoint string    `json:"endpoint"`
	IssuedMS int64     `json:"issued_ms"`
}

// Sign returns the document of a receipt, one line without LF, signed with the certificate's key:
// ECDSA, Ed25519, or RSA of at least 2048 bits. It merges r.Ranges in place and truncates messages
// of refusals to [MaxMessageBytes].
func Sign(r Receipt, cert tls.Certificate) ([]byte, error) {
	refused := make([]Refused, len(r.Refused)) // nil would be written as null
	for i, f := range r.Refused {
		f.Message = truncate(f.Message)
		refused[i] = f
	}
	r.Refused = refused
	r.Ranges = append([]Range{}, Merge(r.Ranges)...)
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("sign a receipt: %w", err)
	}
	if len(cert.Certificate) == 0 {
		return nil, errors.New("sign a receipt: no certificate")
	}
	signed, err := json.Marshal(payload(r))
	if err != nil {
		return nil, fmt.Errorf("sign a receipt: %w", err)
	}
	alg, signature, err := signBytes(cert.PrivateKey, signed)
	if err != nil {
		return nil, fmt.Errorf("sign a receipt: %w", err)
	}
	text := string(signed)
	chain := cert.Certificate[:min(len(cert.Certificate), maxCertificates)]
	doc, err := json.Marshal(document{form, &text, alg, signature, chain})
	if err != nil {
		return nil, fmt.Errorf("sign a receipt: %w", err)
	}
	if len(doc) > MaxBytes {
		return nil, fmt.Errorf("sign a receipt: its %d ranges and %d refusals take more than %d bytes",
			len(r.Ranges), len(r.Refused), MaxBytes)
	}
	return doc, nil
}

func signBytes(key crypto.PrivateKey, payload []byte) (alg string, signature []byte, err error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return "", nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	alg, err = algorithmOf(signer.Public())
	if err != nil {
		return "", nil, err
	}
	message := append([]byte(signedPrefix), payload...)
	digest := sha256.Sum256(message)
	switch alg {
	case algEd25519:
		signature, err = signer.Sign(rand.Reader, message, crypto.Hash(0))
	case algRSA:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
		signature, err = signer.Sign(rand.Reader, digest[:], options)
	default:
		signature, err = signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	return alg, signature, err
}

// algorithmOf returns the algorithm of a key.
func algorithmOf(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return algECDSA, nil
	case ed25519.PublicKey:
		return algEd25519, nil
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return "", fmt.Errorf("an RSA key of %d bits is too short, at least %d are needed", bits, minRSABits)
		}
		return algRSA, nil
	default:
		return "", fmt.Errorf("a key of type %T cannot sign receipts", key)
	}
}

// verify reports whether signature is one of cert's key over the payload.
func verify(cert *x509.Certificate, alg string, payload, signature []byte) bool {
	message := append([]byte(signedPrefix), payload...)
	digest := sha256.Sum256(message)
	if want, err := algorithmOf(cert.PublicKey); err != nil || alg != want {
		return false
	}
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest[:], signature)
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, message, signature)
	case *rsa.PublicKey:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, options) == nil
	}
	return false
}

// truncate bounds a message to MaxMessageBytes of valid UTF-8.
func truncate(s string) string {
	if len(s) > MaxMessageBytes {
		s = s[:MaxMessageBytes]
	}
	return strings.ToValidUTF8(s, "")
}
