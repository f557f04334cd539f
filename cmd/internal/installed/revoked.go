package installed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Condition is one on which the settings trust a key.
type Condition struct {
	KeyID   string
	Revoked bool
	// Until is the day from which on the key is refused; zero: it has none.
	Until time.Time
}

// Conditions returns those of the settings: "KEY revoked", "KEY until 2027-06-30", or the path of
// a file with a key and such words behind it. Package signature says the same of keys, and
// verifies with them; a run only needs to know which of them it must not trust any more, and
// links none of that.
func Conditions(signers []string, read func(path string) ([]byte, error)) (all []Condition) {
	for _, signer := range signers {
		words := strings.Fields(signer)
		var c Condition
		c.Revoked = slices.Index(words, "revoked") > 0
		if at := slices.Index(words, "until"); at > 0 && at+1 < len(words) {
			c.Until, _ = time.Parse(time.DateOnly, words[at+1])
		}
		if !c.Revoked && c.Until.IsZero() {
			continue
		}
		id, ok := keyID(words[0])
		if !ok && read != nil {
			if b, err := read(signerPath(signer)); err == nil {
				id, ok = keyIDOfFile(b)
			}
		}
		if c.KeyID = id; ok {
			all = append(all, c)
		}
	}
	return all
}

// KeysHash returns a hash of the keys of the settings, and of the files that they name. It says whether others sign since.
func KeysHash(signers []string, read func(path string) ([]byte, error)) string {
	sum := sha256.New()
	for _, signer := range signers {
		fmt.Fprintf(sum, "%q", signer)
		if _, ok := keyID(strings.TrimSpace(strings.SplitN(signer+" ", " ", 2)[0])); ok || read == nil {
			continue
		}
		b, err := read(signerPath(signer))
		fmt.Fprintf(sum, " %t %q", err == nil, b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// signerPath returns the path of a key's file in the settings, without the conditions behind it.
func signerPath(signer string) string {
	path, _, _ := strings.Cut(signer, " revoked")
	path, _, _ = strings.Cut(path, " until ")
	return strings.TrimSpace(path)
}

// keyIDOfFile returns the id of the key in a file: PEM, or a line behind comments.
func keyIDOfFile(b []byte) (string, bool) {
	if block, _ := pem.Decode(b); block != nil {
		return rsaID(block.Bytes), true
	}
	for line := range bytes.Lines(b) {
		if id, ok := keyID(string(bytes.TrimSpace(line))); ok {
			return id, true
		}
	}
	return "", false
}

const (
	// minisignKeyBytes are two of the algorithm, eight of the id, and the key.
	minisignKeyBytes = 2 + 8 + 32
	minisignEd25519  = "Ed"
)

// keyID returns the id of a key of minisign, or of an RSA key in base64.
func keyID(word string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(word)
	switch {
	case err != nil:
		return "", false
	case len(b) == minisignKeyBytes && string(b[:2]) == minisignEd25519:
		return fmt.Sprintf("%016X", binary.LittleEndian.Uint64(b[2:])), true
	case strings.HasPrefix(word, "MII"):
		return rsaID(b), true
	}
	return "", false
}

func rsaID(spki []byte) string {
	sum := sha256.Sum256(spki)
	return "rsa:" + hex.EncodeToString(sum[:8])
}
