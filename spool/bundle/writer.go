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

	"virgo/spool/internal/lz4"
)

// chunkBytes is when a block of results is closed: enough to pack well, little enough to stay small.
const chunkBytes = 256 << 10

// WriterOptions are how a bundle is written.
type WriterOptions struct {
	// Recipients, if any, are the only ones who can read it.
	Recipients []age.Recipient
}

// A Writer writes one bundle. Nothing is a bundle before Close returned nil.
type Writer struct {
	w     io.Writer
	inner io.Closer // what encrypts; nil where nothing does
	key   ed25519.PrivateKey
	agent string
	sum   hash.Hash
	chunk []byte // results of the block to come
	buf   []byte // scratch: a block
	count uint64
	err   error
}

// NewWriter begins a bundle on w: the header is written, with the public half of key in it.
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
		sealed, err := age.Encrypt(w, opt.Recipients...)
		if err != nil {
			return nil, fmt.Errorf("write a bundle: encrypt: %w", err)
		}
		out.w, out.inner = sealed, sealed
	}
	prologue := binary.BigEndian.AppendUint32([]byte(magic), version)
	out.sum.Write(prologue)
	if _, err := out.w.Write(prologue); err != nil {
		return nil, fmt.Errorf("write a bundle: %w", err)
	}
	if err := out.block(kindHeader, body); err != nil {
		return nil, err
	}
	return out, nil
}

// Add appends a result, whose bytes it copies.
func (w *Writer) Add(r Record) error {
	if w.err != nil {
		return w.err
	}
	if err := r.check(w.agent); err != nil {
		return fmt.Errorf("write a bundle: %w", err)
	}
	w.chunk = appendRecord(w.chunk, &r)
	w.count++
	if len(w.chunk) >= chunkBytes {
		return w.flush()
	}
	return nil
}

// Count is how many results were added.
func (w *Writer) Count() uint64 { return w.count }

// Close writes the end. It does not close what the bundle is written to.
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
	if w.inner != nil {
		if err := w.inner.Close(); err != nil {
			w.err = fmt.Errorf("write a bundle: %w", err)
			return w.err
		}
	}
	w.err = errors.New("the bundle is closed")
	return nil
}

// flush writes the results that wait, packed where that makes them smaller.
func (w *Writer) flush() error {
	if len(w.chunk) == 0 {
		return nil
	}
	packed := lz4.Append(binary.BigEndian.AppendUint32(nil, uint32(len(w.chunk))), w.chunk)
	kind, body := byte(kindPacked), packed
	if len(packed) >= len(w.chunk) {
		kind, body = kindPlain, w.chunk
	}
	err := w.block(kind, body)
	w.chunk = w.chunk[:0]
	if cap(w.chunk) > 4*chunkBytes {
		w.chunk = nil
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
	if cap(w.buf) > 4*chunkBytes {
		w.buf = nil
	}
	return w.err
}

// signed is what a seal is over.
func signed(sum hash.Hash) []byte { return sum.Sum([]byte(signedPrefix)) }
