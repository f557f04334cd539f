package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"
)

// signings is how many signatures are timed: the quickest one counts.
const signings = 3

// warnOfKey warns of a server certificate with an RSA key: each handshake signs with it, and on the busiest
// endpoints that is most of what they do. What it costs is measured here.
func warnOfKey(cert *tls.Certificate, log *slog.Logger) {
	key, ok := cert.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return
	}
	args := []any{"bits", key.N.BitLen()}
	own, err := signingTime(key, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err == nil {
		args = append(args, "ms_of_each_handshake", millisecondsOf(own))
	}
	if small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		if other, err := signingTime(small, crypto.SHA256); err == nil {
			args = append(args, "ms_with_ecdsa_p256", millisecondsOf(other))
		}
	}
	log.Warn("the server's RSA key makes handshakes slow", append(args, "hint",
		"ask for a certificate of an ECDSA key (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256); "+
			"hosts that pin the key need the new pin before, hosts that trust the authority need nothing")...)
}

// signingTime is how long a key takes for one signature.
func signingTime(key crypto.Signer, opts crypto.SignerOpts) (least time.Duration, err error) {
	digest := make([]byte, crypto.SHA256.Size())
	for i := range signings {
		began := time.Now()
		if _, err := key.Sign(rand.Reader, digest, opts); err != nil {
			return 0, err
		}
		if took := time.Since(began); i == 0 || took < least {
			least = took
		}
	}
	return least, nil
}

func millisecondsOf(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
