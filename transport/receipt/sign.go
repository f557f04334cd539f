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

// form is the version of the document.
const form = 1

// signedPrefix keeps a receipt's signature from being one of anything else that the key signs.
const signedPrefix = "virgo receipt 1\x00"

const (
	algECDSA   = "ecdsa-sha256"
	algEd25519 = "ed25519"
	algRSA     = "rsa-pss-sha256"
)

// minRSABits is the least that a signature of RSA is worth.
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

// Sign makes the document of a receipt, one line without its end, signed by the certificate's key:
// ECDSA, Ed25519, or RSA of 2048 bits at least. Ranges are sorted and joined in place; a message of a refusal is cut to
// [MaxMessageBytes].
func Sign(r Receipt, cert tls.Certificate) ([]byte, error) {
	refused := make([]Refused, len(r.Refused)) // null would be a list that is missing
	for i, f := range r.Refused {
		f.Message = cut(f.Message)
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
	doc, err := json.Marshal(document{form, &text, alg, signature, cert.Certificate[:min(len(cert.Certificate), maxCertificates)]})
	if err != nil {
		return nil, fmt.Errorf("sign a receipt: %w", err)
	}
	if len(doc) > MaxBytes {
		return nil, fmt.Errorf("sign a receipt: its %d ranges and %d refusals make more than %d bytes", len(r.Ranges), len(r.Refused), MaxBytes)
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
		signature, err = signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	default:
		signature, err = signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	return alg, signature, err
}

// algorithmOf says how a key signs receipts.
func algorithmOf(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return algECDSA, nil
	case ed25519.PublicKey:
		return algEd25519, nil
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return "", fmt.Errorf("an RSA key of %d bits signs nothing, %d are the least", bits, minRSABits)
		}
		return algRSA, nil
	default:
		return "", fmt.Errorf("a key of type %T signs no receipt", key)
	}
}

// verify says whether signature is cert's over the payload.
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
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}

// cut bounds a message without breaking a character.
func cut(s string) string {
	if len(s) > MaxMessageBytes {
		s = s[:MaxMessageBytes]
	}
	return strings.ToValidUTF8(s, "")
}
