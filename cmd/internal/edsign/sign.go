package edsign

import (
	"crypto/ed25519"
	"crypto/sha512"

	"filippo.io/edwards25519"
)

// Sign returns what ed25519.Sign returns.
func Sign(key ed25519.PrivateKey, message []byte) []byte {
	secret, prefix := expand(key[:ed25519.SeedSize])
	nonce := hashScalar(prefix, message)
	point := timesBase(nonce)
	challenge := hashScalar(point, key[ed25519.SeedSize:], message)
	return append(point, edwards25519.NewScalar().MultiplyAdd(challenge, secret, nonce).Bytes()...)
}

// NewKey returns what ed25519.NewKeyFromSeed returns. The seed must have ed25519.SeedSize bytes.
func NewKey(seed []byte) ed25519.PrivateKey {
	secret, _ := expand(seed)
	return append(append(make(ed25519.PrivateKey, 0, ed25519.PrivateKeySize), seed...), timesBase(secret)...)
}

// expand returns the scalar and the prefix of a seed (RFC 8032, 5.1.5).
func expand(seed []byte) (secret *edwards25519.Scalar, prefix []byte) {
	h := sha512.Sum512(seed)
	secret, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	mustFit(err)
	return secret, h[32:]
}

// hashScalar returns the scalar that the parts have as their SHA-512.
func hashScalar(parts ...[]byte) *edwards25519.Scalar {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	s, err := edwards25519.NewScalar().SetUniformBytes(h.Sum(nil))
	mustFit(err)
	return s
}

// timesBase returns the encoding of the scalar times the base point, computed without a table of its
// multiples.
func timesBase(s *edwards25519.Scalar) []byte {
	return new(edwards25519.Point).ScalarMult(s, edwards25519.NewGeneratorPoint()).Bytes()
}

// mustFit panics on an error of a length, which the callers give by the types of their hashes.
func mustFit(err error) {
	if err != nil {
		panic(err)
	}
}
