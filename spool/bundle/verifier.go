package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxHeaderBytes is the length of the longest beginning of a bundle that has its whole header.
const MaxHeaderBytes = prefixBytes + headBytes + maxHeaderBytes + ed25519.SignatureSize

// maxPending bounds the bytes of a block that is not complete.
const maxPending = headBytes + maxBlockBytes + ed25519.SignatureSize

// A Verifier verifies a plain bundle that arrives in pieces, each of whole blocks or not. What it knows
// after a piece is a few bytes that can be stored ([Verifier.State]): the header, the state of the hash,
// how far the bundle is verified, and the beginning of a block whose rest is in the next piece.
//
// A seal is verified with the key in the header; whose key that is, the caller decides.
type Verifier struct {
	walk walk
	rest []byte // what of the pieces is behind the last verified block

	sum      []byte // the state of the hash there
	complete bool
}

// verifierState is the part of a stored state that is JSON.
type verifierState struct {
	Header   json.RawMessage `json:"header"`
	Sum      []byte          `json:"sum"`
	Bytes    int64           `json:"bytes"`
	Records  uint64          `json:"records"`
	Complete bool            `json:"complete,omitempty"`
}

var errState = errors.New("the stored state of a bundle is damaged")

// NewVerifier continues with the next piece of a bundle. state is that of the Verifier of the pieces
// before; nil for the first piece, which must have the whole header.
func NewVerifier(state, piece []byte) (*Verifier, error) {
	v := &Verifier{walk: *walkOver(nil, -1)}
	if state == nil {
		v.rest = piece
		return v, nil
	}
	if len(state) < 4 {
		return nil, errState
	}
	n := binary.BigEndian.Uint32(state)
	state = state[4:]
	if uint64(n) > uint64(len(state)) {
		return nil, errState
	}
	var st verifierState
	if err := json.Unmarshal(state[:n], &st); err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	header, err := parseHeader(st.Header)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	pending := state[n:]
	sum := v.walk.sum.(encoding.BinaryUnmarshaler)
	if err := sum.UnmarshalBinary(st.Sum); err != nil || st.Bytes < 0 || len(pending) > maxPending {
		return nil, errState
	}
	v.walk.header, v.walk.begun = header, true
	v.walk.at, v.walk.good, v.walk.records = st.Bytes, st.Bytes, st.Records
	v.sum, v.complete = st.Sum, st.Complete
	v.rest = append(pending[:len(pending):len(pending)], piece...)
	return v, nil
}

// Next returns the results of the next block, valid until the next call; none for a header or an end.
// io.EOF means that the rest of the pieces is no whole block. Other errors are of kind [Error]; the state
// is then that of the last good block.
func (v *Verifier) Next() ([]Record, error) {
	if v.complete {
		if len(v.rest) > 0 {
			return nil, v.fail(v.walk.changed("bytes follow its end", nil))
		}
		return nil, io.EOF
	}
	if v.walk.begun && !v.whole() {
		return nil, io.EOF
	}
	v.walk.src = bytes.NewReader(v.rest)
	before := v.walk.good
	var err error
	kind := byte(kindHeader)
	if !v.walk.begun {
		err = v.walk.begin()
	} else {
		kind, err = v.walk.block()
	}
	if err == nil && kind == kindEnd {
		if err = v.walk.end(); errors.Is(err, io.EOF) {
			v.complete, err = true, nil
		} else {
			v.walk.good = before
		}
	}
	if err != nil {
		return nil, v.fail(err)
	}
	v.rest = v.rest[v.walk.good-before:]
	if v.sum, err = v.walk.sum.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return nil, err
	}
	if kind == kindHeader || kind == kindEnd {
		return nil, nil
	}
	return v.walk.list, nil
}

// whole reports whether the next block is there, or its beginning is one that no block has.
func (v *Verifier) whole() bool {
	if len(v.rest) < headBytes {
		return false
	}
	length := int64(binary.BigEndian.Uint32(v.rest[1:]))
	most, known := v.walk.bound(v.rest[0])
	return !known || length > most || int64(len(v.rest)) >= headBytes+length+ed25519.SignatureSize
}

// fail forgets what is not verified.
func (v *Verifier) fail(err error) error {
	v.rest = nil
	return err
}

// Stop leaves what is behind the last verified block to the next piece, which then begins there.
func (v *Verifier) Stop() { v.rest = nil }

// Begun reports whether the header was verified; only then Header and State have a meaning.
func (v *Verifier) Begun() bool { return v.sum != nil }

// Header returns the bundle's header.
func (v *Verifier) Header() Header { return v.walk.header }

// Offset returns where the next piece has to begin.
func (v *Verifier) Offset() int64 { return v.walk.good + int64(len(v.rest)) }

// Complete reports whether the bundle was verified to its end.
func (v *Verifier) Complete() bool { return v.complete }

// BlockBytes returns the size of the block that Next returned last, uncompressed.
func (v *Verifier) BlockBytes() int { return max(len(v.walk.body), len(v.walk.raw)) }

// State returns what [NewVerifier] needs to continue.
func (v *Verifier) State() ([]byte, error) {
	header, err := v.walk.header.marshal()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(verifierState{header, v.sum, v.walk.good, v.walk.records, v.complete})
	if err != nil {
		return nil, err
	}
	state := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)+len(v.rest)), uint32(len(text)))
	return append(append(state, text...), v.rest...), nil
}
