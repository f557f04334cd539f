package signature

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"aead.dev/minisign"
)

// Limits of keys.
const (
	MaxKeyBytes = 8 << 10 // of a public key's text or file
	minRSABits  = 2048
	maxRSABits  = 8192
)

// DateLayout is the form of the date after "until".
const DateLayout = "2006-01-02"

// A Key is a public key that the owner trusts, on conditions.
type Key struct {
	// ID is that of minisign, 16 hexadecimal digits; for RSA it is "rsa:" and the beginning
	// of the key's SHA-256.
	ID string
	// Until is the day from which on the key is refused, in UTC; zero: it has none.
	Until time.Time
	// Revoked keys are refused, whatever they signed and when.
	Revoked bool

	ed25519 *minisign.PublicKey // one of the two is set
	rsa     *rsa.PublicKey
}

// ParseKey reads a public key of minisign ("RWQ…", also with the comment line of a .pub file before
// it) or of RSA (PEM, or the base64 text of one in a line, "MII…"), and the conditions after it:
// "until 2027-06-30", "revoked".
func ParseKey(text string) (Key, error) {
	if len(text) > MaxKeyBytes {
		return Key{}, fmt.Errorf("a key of %d bytes; at most %d are allowed", len(text), MaxKeyBytes)
	}
	text = withoutComments(text)
	if strings.HasPrefix(text, "-----BEGIN ") {
		block, rest := pem.Decode([]byte(text))
		if block == nil {
			return Key{}, errors.New("this PEM block is damaged")
		}
		k, err := rsaKey(block.Type, block.Bytes)
		if err != nil {
			return Key{}, err
		}
		return k.on(string(rest))
	}
	word, conditions, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	switch {
	case word == "":
		return Key{}, errors.New("no key: want one of minisign (RWQ…) or an RSA key in PEM")
	case strings.HasPrefix(word, "MII"):
		der, err := base64.StdEncoding.DecodeString(word)
		if err != nil {
			return Key{}, errors.New("this RSA key is not valid base64")
		}
		k, err := rsaKey("PUBLIC KEY", der)
		if err != nil {
			return Key{}, err
		}
		return k.on(conditions)
	}
	var public minisign.PublicKey
	if err := public.UnmarshalText([]byte(word)); err != nil {
		return Key{}, fmt.Errorf("%.20q… is no key of minisign (RWQ…) and no RSA key", word)
	}
	return Key{ID: formatID(public.ID()), ed25519: &public}.on(conditions)
}

// ParseSigner is ParseKey for a setting, which may have the name of a key's file instead of the key.
func ParseSigner(text string, read func(path string) ([]byte, error)) (Key, error) {
	text = strings.TrimSpace(text)
	end := len(text)
	for _, condition := range []string{" until ", " revoked"} {
		if at := strings.Index(text, condition); at >= 0 {
			end = min(end, at)
		}
	}
	path := strings.TrimSpace(text[:end])
	if !isPath(path) {
		return ParseKey(text)
	}
	b, err := read(path)
	if err != nil {
		return Key{}, err
	}
	k, err := ParseKey(string(b) + text[end:])
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// isPath reports whether a text is the name of a file and not a key, whose base64 text may have a slash.
func isPath(text string) bool {
	for _, key := range []string{"RW", "MII", "-----BEGIN ", "untrusted comment:"} {
		if strings.HasPrefix(text, key) {
			return false
		}
	}
	return strings.ContainsAny(text, `/\.`)
}

// withoutComments removes the lines before a key that are none.
func withoutComments(text string) string {
	for {
		text = strings.TrimSpace(text)
		if !strings.HasPrefix(text, "untrusted comment:") && !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

func rsaKey(kind string, der []byte) (Key, error) {
	var public any
	var err error
	switch kind {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(der)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(der)
	default:
		return Key{}, fmt.Errorf("a PEM block of type %.40q is no public key", kind)
	}
	if err != nil {
		return Key{}, errors.New("this PEM block has no public key")
	}
	k, ok := public.(*rsa.PublicKey)
	if !ok {
		return Key{}, errors.New("a public key in PEM has to be one of RSA; Ed25519 keys are in minisign's form (RWQ…)")
	}
	if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return Key{}, fmt.Errorf("an RSA key of %d bits; it must have %d to %d", bits, minRSABits, maxRSABits)
	}
	spki, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return Key{}, err
	}
	sum := sha256.Sum256(spki)
	return Key{ID: "rsa:" + hex.EncodeToString(sum[:8]), rsa: k}, nil
}

// on returns the key with conditions.
func (k Key) on(conditions string) (Key, error) {
	words := strings.Fields(conditions)
	for len(words) > 0 {
		switch {
		case words[0] == "revoked" && !k.Revoked:
			k.Revoked = true
			words = words[1:]
		case words[0] == "until" && len(words) > 1 && k.Until.IsZero():
			day, err := time.Parse(DateLayout, words[1])
			if err != nil {
				return Key{}, fmt.Errorf("key %s: %.20q is no date such as 2027-06-30", k.ID, words[1])
			}
			k.Until = day
			words = words[2:]
		default:
			return Key{}, fmt.Errorf(`key %s: %.20q after it: want "until 2027-06-30" or "revoked", each once`,
				k.ID, words[0])
		}
	}
	return k, nil
}

// Expired reports whether the key is refused at a time.
func (k Key) Expired(at time.Time) bool { return !k.Until.IsZero() && !at.Before(k.Until) }

// Text returns the key in one line, without its conditions.
func (k Key) Text() string {
	switch {
	case k.ed25519 != nil:
		return k.ed25519.String()
	case k.rsa != nil:
		if der, err := x509.MarshalPKIXPublicKey(k.rsa); err == nil {
			return base64.StdEncoding.EncodeToString(der)
		}
	}
	return ""
}

// String returns the key as ParseKey reads it, in one line, with its conditions.
func (k Key) String() string {
	s := k.Text()
	if !k.Until.IsZero() {
		s += " until " + k.Until.Format(DateLayout)
	}
	if k.Revoked {
		s += " revoked"
	}
	return s
}

// Equal reports whether both are the same key, whatever their conditions are.
func (k Key) Equal(o Key) bool { return k.ID == o.ID && k.Text() == o.Text() }

// formatID returns the id of a key of minisign, which shows it like this.
func formatID(id uint64) string { return fmt.Sprintf("%016X", id) }
