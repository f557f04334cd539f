package installed

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// A Condition is one on which the settings trust a key.
type Condition struct {
	KeyID   string
	Revoked bool
	// Until is the day from which on the key is refused; zero: it has none.
	Until time.Time
}

// Conditions returns those of the settings: "KEY revoked", "KEY until 2027-06-30", or the path of a
// file with a key and such words behind it or in it. Package signature reads keys by the same rules,
// and verifies with them; a run only needs to know which of them it must not trust any more, and
// links none of that.
func Conditions(signers []string, read func(path string) ([]byte, error)) (all []Condition) {
	for _, signer := range signers {
		text := strings.TrimSpace(signer)
		if path, conditions := cutConditions(text); !isKey(path) && read != nil {
			b, err := read(path)
			if err != nil {
				continue
			}
			text = string(b) + conditions
		}
		id, conditions, ok := cutKey(text)
		words := strings.Fields(conditions)
		c := Condition{KeyID: id, Revoked: slices.Contains(words, "revoked")}
		if at := slices.Index(words, "until"); at >= 0 && at+1 < len(words) {
			c.Until, _ = time.Parse(time.DateOnly, words[at+1])
		}
		if ok && (c.Revoked || !c.Until.IsZero()) {
			all = append(all, c)
		}
	}
	return all
}

// KeysHash returns a hash of the keys of the settings and of the files that they name: it differs
// once the owner trusts other keys.
func KeysHash(signers []string, read func(path string) ([]byte, error)) string {
	sum := sha256.New()
	for _, signer := range signers {
		fmt.Fprintf(sum, "%q", signer)
		path, _ := cutConditions(strings.TrimSpace(signer))
		if isKey(path) || read == nil {
			continue
		}
		b, err := read(path)
		fmt.Fprintf(sum, " %t %q", err == nil, b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// cutConditions splits a setting that names a file.
func cutConditions(text string) (path, conditions string) {
	end := len(text)
	for _, condition := range []string{" until ", " revoked"} {
		if at := strings.Index(text, condition); at >= 0 {
			end = min(end, at)
		}
	}
	return strings.TrimSpace(text[:end]), text[end:]
}

// isKey reports whether a text begins as a key does, or as the comment before one.
func isKey(text string) bool {
	_, _, ok := cutKey(text)
	return ok
}

// cutKey splits a key from the conditions behind it: PEM, or one word behind lines of comments.
func cutKey(text string) (id, conditions string, ok bool) {
	text = strings.TrimSpace(text)
	for strings.HasPrefix(text, "untrusted comment:") || strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSpace(text)
	}
	if block, rest := pem.Decode([]byte(text)); block != nil {
		id, ok = pemID(block)
		return id, string(rest), ok
	}
	word := text
	if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
		word, conditions = text[:end], text[end:]
	}
	id, ok = keyID(word)
	return id, conditions, ok
}

// pemID returns the id of an RSA key, which is of its common form, whichever of both the block has.
func pemID(block *pem.Block) (string, bool) {
	if block.Type != "RSA PUBLIC KEY" {
		return rsaID(block.Bytes), true
	}
	public, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		return "", false
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	return rsaID(spki), err == nil
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
