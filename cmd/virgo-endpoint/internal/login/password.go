package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Bounds of names and passwords, in bytes but for MinPassword, which is in characters.
const (
	MinPassword = 10
	MaxPassword = 1024
	MaxName     = 64
)

// Errors of new names and passwords.
var (
	// ErrBadName is returned for a name that nobody can have.
	ErrBadName = fmt.Errorf("a name has 1 to %d letters, digits, or characters of \"-_.@+\"", MaxName)
	// ErrBadPassword is returned for a password that is too short or long, or is the name.
	ErrBadPassword = errors.New("this password cannot be used")
	// errBadHash is returned when a stored hash cannot be read.
	errBadHash = errors.New("the stored hash of a password cannot be read")
)

// CheckName returns ErrBadName for a name that nobody can have: no two names look alike, and none means something in a
// header, a path or a terminal.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return ErrBadName
	}
	for _, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("-_.@+", rune(c)) {
			return ErrBadName
		}
	}
	return nil
}

// CheckPassword returns ErrBadPassword, with the reason, for a password that the person cannot have.
func CheckPassword(name, password string) error {
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("%w: it is not UTF-8", ErrBadPassword)
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("%w: it has less than %d characters", ErrBadPassword, MinPassword)
	case len(password) > MaxPassword:
		return fmt.Errorf("%w: it has more than %d bytes", ErrBadPassword, MaxPassword)
	case strings.EqualFold(name, password):
		return fmt.Errorf("%w: it is the name", ErrBadPassword)
	}
	return nil
}

// Hash returns the stored form of a password.
func Hash(password string) (string, error) { return today.hash(password) }

// A cost is how much work and memory a hash takes: argon2id's parameters, memory in KiB.
type cost struct {
	memory, time uint32
	threads      uint8
}

// today is the first of OWASP's recommendations.
var today = cost{memory: 19 << 10, time: 2, threads: 1}

// Bounds of a stored hash: one that was planted in the file must not take all memory.
const (
	maxMemory   = 256 << 10
	maxTime     = 16
	maxThreads  = 16
	saltBytes   = 16
	keyBytes    = 32
	maxSaltKey  = 64
	maxPHCBytes = 256
)

var phc = base64.RawStdEncoding.Strict()

// hash returns the hash of a password as a PHC string:
// $argon2id$v=19$m=MEMORY,t=TIME,p=THREADS$SALT$KEY.
func (c cost) hash(password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, keyBytes)
	return c.prefix() + phc.EncodeToString(salt) + "$" + phc.EncodeToString(key), nil
}

func (c cost) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, c.memory, c.time, c.threads)
}

// made reports whether a hash was made with these parameters.
func (c cost) made(hash string) bool { return strings.HasPrefix(hash, c.prefix()) }

// compare reports whether a hash is of the password. Without a hash, that of somebody whom nobody knows or who has no
// password, it takes as long.
func (c cost) compare(password, hash string) (bool, error) {
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, saltBytes), c.time, c.memory, c.threads, keyBytes)
		return false, nil
	}
	of, salt, want, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	key := argon2.IDKey([]byte(password), salt, of.time, of.memory, of.threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}

// parseHash reads a PHC string. Error: errBadHash, without what is in it.
func parseHash(hash string) (c cost, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(hash) > maxPHCBytes || len(parts) != 6 {
		return cost{}, nil, nil, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return cost{}, nil, nil, errBadHash
	}
	salt, err = phc.DecodeString(parts[4])
	if err == nil {
		key, err = phc.DecodeString(parts[5])
	}
	switch {
	case err != nil, !c.made(hash),
		c.memory < 8*uint32(c.threads) || c.memory > maxMemory, c.time < 1 || c.time > maxTime,
		c.threads < 1 || c.threads > maxThreads,
		len(salt) < 8 || len(salt) > maxSaltKey, len(key) < 16 || len(key) > maxSaltKey:
		return cost{}, nil, nil, errBadHash
	}
	return c, salt, key, nil
}
