package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"virgo/spool/lz4"
)

// A walk reads a bundle once, block by block. Except for the key in the header, it uses no part of a
// block before the block's seal is verified.
type walk struct {
	src  io.Reader
	size int64 // -1 where it is not known
	at   int64 // bytes read
	sum  hash.Hash

	header  Header
	begun   bool
	records uint64  // in the verified blocks
	good    int64   // bytes up to the end of the last verified block
	expect  *Header // the header that an earlier walk found; nil in the first

	body, raw []byte // of the current block, as stored and uncompressed
	list      []Record
	progress  func(done, total int64)
	err       error
}

func newWalk(src io.ReaderAt, size int64) *walk {
	return walkOver(io.NewSectionReader(src, 0, size), size)
}

func walkOver(src io.Reader, size int64) *walk {
	return &walk{src: src, size: size, sum: sha256.New(), progress: func(int64, int64) {}}
}

// next returns the results of the next block, valid until the next call; io.EOF after a complete
// bundle.
func (w *walk) next() ([]Record, error) {
	if w.err != nil {
		return nil, w.err
	}
	list, err := w.step()
	if err != nil {
		w.err = err
		return nil, err
	}
	return list, nil
}

func (w *walk) step() ([]Record, error) {
	if !w.begun {
		if err := w.begin(); err != nil {
			return nil, err
		}
	}
	for {
		kind, err := w.block()
		if err != nil {
			return nil, err
		}
		w.progress(w.good, w.size)
		switch kind {
		case kindEnd:
			return nil, w.end()
		case kindPlain, kindPacked:
			if len(w.list) > 0 {
				return w.list, nil
			}
		}
	}
}

// begin reads the magic, the version and the header.
func (w *walk) begin() error {
	var prefix [prefixBytes]byte
	n, err := io.ReadFull(w.src, prefix[:])
	if err != nil && !isEOF(err) {
		return w.readError(err)
	}
	if !bytes.HasPrefix([]byte(magic), prefix[:min(n, len(magic))]) || n == 0 {
		return &Error{Kind: ErrNotBundle, hint: "virgo spool export writes bundles"}
	}
	if err != nil {
		return w.readError(err)
	}
	if v := binary.BigEndian.Uint32(prefix[len(magic):]); v != version {
		if v > version && v < 1<<16 {
			why := fmt.Sprintf("version %d, this program knows %d", v, version)
			return &Error{Kind: ErrNewerVersion, Why: why, hint: "update virgo on this host"}
		}
		return w.changed(fmt.Sprintf("there is no version %d", v), nil)
	}
	w.at = int64(len(prefix))
	w.sum.Write(prefix[:])
	kind, err := w.block()
	if err == nil && kind != kindHeader {
		err = w.changed("its first block is not a header", nil)
	}
	w.begun = true
	return err
}

// block reads one block and verifies its seal and its contents.
func (w *walk) block() (kind byte, err error) {
	var head [headBytes]byte
	if err := w.read(head[:]); err != nil {
		return 0, err
	}
	kind = head[0]
	length := int64(binary.BigEndian.Uint32(head[1:]))
	most, known := w.bound(kind)
	switch {
	case !known:
		return 0, w.changed(fmt.Sprintf("a block of kind %d", kind), nil)
	case length > most:
		return 0, w.changed(fmt.Sprintf("a block of %d bytes", length), nil)
	case w.size >= 0 && length > w.size-w.at-ed25519.SignatureSize: // so a false length costs no memory
		return 0, w.fault(ErrTruncated, "", nil)
	}
	if int64(cap(w.body)) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	if err := w.read(w.body); err != nil {
		return 0, err
	}
	message := signed(w.sum)
	var seal [ed25519.SignatureSize]byte
	if err := w.read(seal[:]); err != nil {
		return 0, err
	}
	var found Header
	key := w.header.Key
	if kind == kindHeader {
		if found, err = parseHeader(w.body); err != nil {
			return 0, w.changed("header", err)
		}
		key = found.Key
	}
	if !ed25519.Verify(key, message, seal[:]) {
		return 0, w.changed("a seal is not valid", nil)
	}
	if kind == kindHeader {
		w.header = found
		if w.expect != nil && (w.expect.ID != found.ID || !w.expect.Key.Equal(found.Key)) {
			return 0, w.changed("it is not the bundle that was opened", nil)
		}
	}
	if err := w.unpack(kind); err != nil {
		return 0, w.changed("", err)
	}
	w.good = w.at
	w.records += uint64(len(w.list))
	return kind, nil
}

// bound returns the maximum length of a block's body, and whether the block may occur here.
func (w *walk) bound(kind byte) (int64, bool) {
	switch kind {
	case kindHeader:
		return maxHeaderBytes, !w.begun && w.header.Key == nil
	case kindPlain, kindPacked:
		return maxBlockBytes, w.header.Key != nil
	case kindEnd:
		return 8, w.header.Key != nil
	default:
		return 0, false
	}
}

// unpack parses the results of a verified block.
func (w *walk) unpack(kind byte) (err error) {
	w.list = w.list[:0]
	raw := w.body
	switch kind {
	case kindPacked:
		if len(w.body) < 4 {
			return errRecords
		}
		size := binary.BigEndian.Uint32(w.body)
		if size > maxBlockBytes {
			return fmt.Errorf("a block of results has %d bytes uncompressed", size)
		}
		if w.raw, err = lz4.Expand(w.raw[:0], w.body[4:], int(size)); err != nil {
			return err
		}
		raw = w.raw
	case kindPlain:
	default:
		return nil
	}
	w.list, err = parseRecords(w.list, raw, w.header.Agent)
	return err
}

// end checks the last block, and that nothing follows it.
func (w *walk) end() error {
	if len(w.body) != 8 || binary.BigEndian.Uint64(w.body) != w.records {
		return w.changed("its number of results is not that in its end", nil)
	}
	if w.at < w.size {
		return w.changed(fmt.Sprintf("%d bytes follow its end", w.size-w.at), nil)
	}
	var one [1]byte
	if n, err := io.ReadFull(w.src, one[:]); n > 0 {
		return w.changed("bytes follow its end", nil)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return w.readError(err)
	}
	return io.EOF
}

// read fills b and adds it to the sum for the next seal.
func (w *walk) read(b []byte) error {
	n, err := io.ReadFull(w.src, b)
	w.at += int64(n)
	w.sum.Write(b[:n])
	if err != nil {
		return w.readError(err)
	}
	return nil
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// readError returns the error for bytes that could not be read.
func (w *walk) readError(err error) error {
	if isEOF(err) {
		return w.fault(ErrTruncated, "", nil)
	}
	var broken *decryptError
	if errors.As(err, &broken) {
		return w.changed("or truncated, which its encryption does not distinguish", broken.err)
	}
	return fmt.Errorf("read the bundle at byte %d: %w", w.at, err)
}

func (w *walk) changed(why string, err error) error { return w.fault(ErrChanged, why, err) }

func (w *walk) fault(kind error, why string, err error) error {
	hint := "transfer it again from the host that exported it, where its results are still queued"
	return &Error{Kind: kind, Records: w.records, Bytes: w.good, Why: why, Err: err, hint: hint}
}
