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

// Limits of a bundle. What is past them is refused, by [Writer] and [Reader] alike.
const (
	MaxDataBytes  = 4 << 20 // of a result's data
	MaxIDBytes    = 1<<10 + 64
	MaxAgentBytes = 1 << 10
	MaxNameBytes  = 1 << 10 // of a header's other texts

	maxHeaderBytes = 8 << 10
	maxChunkBytes  = 5 << 20 // of results in a block, unpacked
	maxTimeMS      = 253402300799999
)

const (
	magic   = "virgo-bundle\r\n\x1a\n"
	version = 1
	// signedPrefix keeps a seal from being a signature of anything else.
	signedPrefix = "virgo bundle 1\x00"

	kindHeader = 'H'
	kindPlain  = 'R'
	kindPacked = 'Z'
	kindEnd    = 'E'

	prologueBytes = len(magic) + 4
	headBytes     = 1 + 4 // of a block
	recordBytes   = 8 + 8 + 2 + 4
)

// The kinds of failure. Each error about a bundle's bytes is an [Error] of one of them.
var (
	// ErrNotBundle is returned for a file that is something else.
	ErrNotBundle = errors.New("not a bundle")
	// ErrNewer is returned for a bundle of a later form than this program knows.
	ErrNewer = errors.New("a bundle of a newer form")
	// ErrCut is returned for a bundle that ends too soon.
	ErrCut = errors.New("the bundle is cut off")
	// ErrChanged is returned for a bundle of which something was changed, or to which something was added.
	ErrChanged = errors.New("the bundle was changed")
	// ErrEncrypted is returned for a bundle that is encrypted, and for none of the identities given.
	ErrEncrypted = errors.New("the bundle is encrypted")
)

// An Error says what is wrong with a bundle and how far it was good.
type Error struct {
	// Kind is one of this package's errors.
	Kind error
	// Records and Bytes were good: the first so many results of the file, which with what belongs to them
	// take so many bytes. In an encrypted bundle, the bytes are those of its contents.
	Records uint64
	Bytes   int64
	// Why in a few words; may be empty.
	Why  string
	Err  error
	hint string
}

// Error says what is wrong and how far it was good.
func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.Why != "" {
		s += ": " + e.Why
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if errors.Is(e.Kind, ErrCut) || errors.Is(e.Kind, ErrChanged) {
		s += fmt.Sprintf(" (good up to byte %d, %d results)", e.Bytes, e.Records)
	}
	return s
}

// Hint gives the next step; empty where none is known.
func (e *Error) Hint() string { return e.hint }

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// A Header says whose results a bundle holds.
type Header struct {
	// Agent is the id under which they are delivered, Name the agent's name for people.
	Agent, Name string
	// ID of the bundle: 32 hexadecimal digits, see [NewID].
	ID      string
	Created time.Time
	// Version of the program that wrote it.
	Version string
	// Key that sealed it: the agent's own, the same in all its bundles. A Writer sets it.
	Key ed25519.PublicKey
}

// NewID draws a bundle's id.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// check says what of h no bundle may hold.
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
		return errors.New("its time is none")
	case len(h.Key) != ed25519.PublicKeySize:
		return errors.New("its key is none")
	}
	return nil
}

// A Record is one result.
type Record struct {
	// Order is its place among all results of the agent's spool.
	Order uint64
	// ID names it for ever; it begins with the agent's id and a slash.
	ID string
	// Made is when, kept to the millisecond.
	Made time.Time
	// Data is opaque.
	Data []byte
}

func (r *Record) check(agent string) error {
	switch {
	case len(r.ID) <= len(agent)+1 || len(r.ID) > MaxIDBytes || r.ID[:len(agent)] != agent || r.ID[len(agent)] != '/':
		return fmt.Errorf("result %.64q is not of agent %.64q", r.ID, agent)
	case len(r.Data) > MaxDataBytes:
		return fmt.Errorf("result %q has %d bytes, more than %d", r.ID, len(r.Data), MaxDataBytes)
	}
	return nil
}
