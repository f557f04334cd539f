package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"

	"virgo/spool/lz4"
)

// blockBytes is the size from which a block of results is written: large enough to compress well,
// small enough to take little memory.
const blockBytes = 256 << 10

// WriterOptions configure a [Writer].
type WriterOptions struct {
	// Recipients are the only ones who can read the bundle; if empty, it is not encrypted.
	Recipients []age.Recipient
}

// A Writer writes one bundle. It is complete only when Close has returned nil.
type Writer struct {
	w     io.Writer
	age   io.Closer // nil where the bundle is not encrypted
	key   ed25519.PrivateKey
	agent string
	sum   hash.Hash

	pending []byte // results of the next block
	buf     []byte // the block that is written
	count   uint64
	err     error
}

// NewWriter writes the header of a bundle to w and sets its Key to the public half of key.
func NewWriter(w io.Writer, h Header, key ed25519.PrivateKey, opt WriterOptions) (*Writer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("write a bundle: no key")
	}
	h.Key = key.Public().(ed25519.PublicKey)
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	body, err := h.marshal()
	if err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	if len(body) > maxHeaderBytes {
		return nil, fmt.Errorf("write a bundle: its header has %d bytes, more than %d", len(body), maxHeaderBytes)
	}
	out := &Writer{w: w, key: key, agent: h.Agent, sum: sha256.New()}
	if len(opt.Recipients) > 0 {
		encrypted, err := age.Encrypt(w, opt.Recipients...)
		if err != nil {
			return nil, fmt.Errorf("write a bundle: encrypt: %w", err)
		}
		out.w, out.age = encrypted, encrypted
	}
	prefix := binary.BigEndian.AppendUint32([]byte(magic), version)
	out.sum.Write(prefix)
	if _, err := out.w.Write(prefix); err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	if err := out.block(kindHeader, body); err != nil {
		return nil, err
	}
	return out, nil
}

// Add appends a copy of a result.
func (w *Writer) Add(r Record) error {
	if w.err != nil {
		return w.err
	}
	if err := r.check(w.agent); err != nil {
		return fmt.Errorf("write a bundle: %w", err)
	}
	w.pending = appendRecord(w.pending, &r)
	w.count++
	if len(w.pending) >= blockBytes {
		return w.flush()
	}
	return nil
}

// Count returns how many results were added.
func (w *Writer) Count() uint64 { return w.count }

// Close writes the end block. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.block(kindEnd, binary.BigEndian.AppendUint64(nil, w.count)); err != nil {
		return err
	}
	if w.age != nil {
		if err := w.age.Close(); err != nil {
			w.err = fmt.Errorf("write a bundle: %w", err)
			return w.err
		}
	}
	w.err = errors.New("the bundle is closed")
	return nil
}

// flush writes the pending results as a block, compressed where that makes it smaller.
func (w *Writer) flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	packed := lz4.Append(binary.BigEndian.AppendUint32(nil, uint32(len(w.pending))), w.pending)
	kind, body := byte(kindPacked), packed
	if len(packed) >= len(w.pending) {
		kind, body = kindPlain, w.pending
	}
	err := w.block(kind, body)
	w.pending = w.pending[:0]
	if cap(w.pending) > 4*blockBytes {
		w.pending = nil
	}
	return err
}

func (w *Writer) block(kind byte, body []byte) error {
	w.buf = append(w.buf[:0], kind)
	w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(len(body)))
	w.buf = append(w.buf, body...)
	w.sum.Write(w.buf)
	from := len(w.buf)
	w.buf = append(w.buf, ed25519.Sign(w.key, signed(w.sum))...)
	w.sum.Write(w.buf[from:])
	if _, err := w.w.Write(w.buf); err != nil {
		w.err = fmt.Errorf("write a bundle: %w", err)
	}
	if cap(w.buf) > 4*blockBytes {
		w.buf = nil
	}
	return w.err
}

// signed returns the message that a seal signs.
func signed(sum hash.Hash) []byte { return sum.Sum([]byte(signedPrefix)) }
