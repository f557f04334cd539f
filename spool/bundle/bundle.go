package bundle

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a bundle. [Writer] and [Reader] return an error if one is exceeded.
const (
	MaxDataBytes  = 4 << 20 // of a result's data
	MaxIDBytes    = 1<<10 + 64
	MaxAgentBytes = 1 << 10
	MaxNameBytes  = 1 << 10 // of a header's Name and Version

	maxHeaderBytes = 8 << 10
	maxBlockBytes  = 5 << 20         // of results in a block, uncompressed
	maxTimeMS      = 253402300799999 // the end of the year 9999
)

const (
	magic   = "virgo-bundle\r\n\x1a\n"
	version = 1
	// signedPrefix separates seals from all other signatures of the same key.
	signedPrefix = "virgo bundle 1\x00"

	kindHeader = 'H'
	kindPlain  = 'R'
	kindPacked = 'Z'
	kindEnd    = 'E'

	prefixBytes = len(magic) + 4
	headBytes   = 1 + 4 // of a block
	recordBytes = 8 + 8 + 2 + 4
)

// The kinds of [Error]. Every error about a bundle's bytes has one of them.
var (
	// ErrNotBundle is returned for a file of another kind.
	ErrNotBundle = errors.New("not a bundle")
	// ErrNewerVersion is returned for a bundle of a later version than this program knows.
	ErrNewerVersion = errors.New("the bundle is of a newer version")
	// ErrTruncated is returned for a bundle that ends before its last block does.
	ErrTruncated = errors.New("the bundle is truncated")
	// ErrChanged is returned for a bundle whose bytes were changed, or that continues after its end
	// block.
	ErrChanged = errors.New("the bundle was changed")
	// ErrEncrypted is returned for a bundle that none of the given identities decrypts.
	ErrEncrypted = errors.New("the bundle is encrypted")
)

// An Error is returned for a bundle that cannot be used. It reports how much of the bundle is good.
type Error struct {
	// Kind is one of the errors above.
	Kind error
	// Records and Bytes are how many results and bytes from the start of the bundle are good. Bytes
	// counts those of the file, or of the decrypted contents if the file is encrypted.
	Records uint64
	Bytes   int64
	// Why is the detail in a few words; may be empty.
	Why string
	// Err is the cause; may be nil.
	Err  error
	hint string
}

// Error returns the kind and the detail and, if that is of use, up to where the bundle is good.
func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.Why != "" {
		s += ": " + e.Why
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if errors.Is(e.Kind, ErrTruncated) || errors.Is(e.Kind, ErrChanged) {
		s += fmt.Sprintf(" (good up to byte %d, %d results)", e.Bytes, e.Records)
	}
	return s
}

// Hint returns the next step; empty where none is known.
func (e *Error) Hint() string { return e.hint }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// A Header identifies a bundle and the agent whose results it has.
type Header struct {
	// Agent is the agent's id, Name its name for people.
	Agent, Name string
	// ID is the bundle's: 32 hexadecimal digits, see [NewID].
	ID      string
	Created time.Time
	// Version is the version of the program that wrote the bundle.
	Version string
	// Key is the agent's public key, which verifies the seals; the same in all its bundles. A Writer
	// sets it.
	Key ed25519.PublicKey
}

// NewID returns a random id for a bundle.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// check returns an error for a header that no bundle may have.
func (h *Header) check() error {
	id, err := hex.DecodeString(h.ID)
	switch {
	case h.Agent == "" || len(h.Agent) > MaxAgentBytes || !utf8.ValidString(h.Agent):
		return fmt.Errorf("its agent is not 1 to %d bytes of text", MaxAgentBytes)
	case len(h.Name) > MaxNameBytes || len(h.Version) > MaxNameBytes:
		return fmt.Errorf("its name or version has more than %d bytes", MaxNameBytes)
	case err != nil || len(id) != 16 || strings.ToLower(h.ID) != h.ID:
		return errors.New("its id is not 32 hexadecimal digits")
	case h.Created.UnixMilli() < 0 || h.Created.UnixMilli() > maxTimeMS:
		return errors.New("its time is out of range")
	case len(h.Key) != ed25519.PublicKeySize:
		return errors.New("its key is not an Ed25519 key")
	}
	return nil
}

// A Record is one result.
type Record struct {
	// Order is its place in the order of all results of the agent's spool.
	Order uint64
	// ID is globally unique; it begins with the agent's id and a slash.
	ID string
	// Made is when it was made, stored to the millisecond.
	Made time.Time
	// Data is opaque.
	Data []byte
}

func (r *Record) check(agent string) error {
	n := len(agent)
	switch {
	case len(r.ID) <= n+1 || len(r.ID) > MaxIDBytes || r.ID[:n] != agent || r.ID[n] != '/':
		return fmt.Errorf("result %.64q is not of agent %.64q", r.ID, agent)
	case len(r.Data) > MaxDataBytes:
		return fmt.Errorf("result %q has %d bytes, more than %d", r.ID, len(r.Data), MaxDataBytes)
	}
	return nil
}
