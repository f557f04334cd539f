package bundle_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"virgo/spool/bundle"
)

// small returns a complete bundle of several blocks.
func small(t testing.TB, recipients ...age.Recipient) []byte {
	return write(t, testHeader(), testKey(1), results(6), recipients...)
}

// openError fails the test where a damaged bundle can be opened.
func openError(t *testing.T, what string, b []byte, identities ...age.Identity) *bundle.Error {
	t.Helper()
	r, err := open(b, identities...)
	var e *bundle.Error
	if r != nil || !errors.As(err, &e) {
		t.Fatalf("%s: %v, %v", what, r, err)
	}
	return e
}

func TestTruncatedAtEveryByte(t *testing.T) {
	b := small(t)
	for n := range b {
		e := openError(t, "truncated", b[:n])
		if n > 16 && !errors.Is(e, bundle.ErrTruncated) {
			t.Fatalf("truncated to %d bytes: %v", n, e)
		}
		if e.Bytes > int64(n) || e.Records != 0 && e.Records != 6 {
			t.Fatalf("truncated to %d bytes: good up to byte %d, result %d", n, e.Bytes, e.Records)
		}
	}
}

func TestEveryByteChanged(t *testing.T) {
	b := small(t)
	for i := range b {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(b)
			bad[i] ^= flip
			if e := openError(t, "changed", bad); e.Bytes > int64(i) {
				t.Fatalf("byte %d is changed, and it is good up to byte %d: %v", i, e.Bytes, e)
			}
		}
		openError(t, "a byte more", append(append(bytes.Clone(b[:i]), b[i]), b[i:]...))
		openError(t, "a byte less", append(bytes.Clone(b[:i]), b[i+1:]...))
	}
}

func TestEncryptedChangedAtEveryByte(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	check(t, err)
	b := small(t, id.Recipient())
	for n := range b {
		openError(t, "truncated", b[:n], id)
		bad := bytes.Clone(b)
		bad[n] ^= 1
		openError(t, "changed", bad, id)
	}
	openError(t, "more", append(bytes.Clone(b), 0), id)
}

func TestGoodUpTo(t *testing.T) {
	list := results(20000)
	id, err := age.GenerateX25519Identity()
	check(t, err)
	for _, encrypted := range []bool{false, true} {
		var recipients []age.Recipient
		if encrypted {
			recipients = append(recipients, id.Recipient())
		}
		b := write(t, testHeader(), testKey(1), list, recipients...)
		truncated := openError(t, "truncated", b[:len(b)*2/3], id)
		changed := bytes.Clone(b)
		changed[len(b)*2/3] ^= 4
		for _, e := range []*bundle.Error{truncated, openError(t, "changed", changed, id)} {
			if e.Records < 5000 || e.Records > 15000 || e.Bytes < int64(len(b)/3) || e.Bytes > int64(len(b)*2/3) {
				t.Errorf("encrypted %v, of %d bytes: %v", encrypted, len(b), e)
			}
			if !strings.Contains(e.Error(), "good up to byte ") || e.Hint() == "" {
				t.Errorf("%v, hint %q", e, e.Hint())
			}
		}
		if !encrypted && !errors.Is(truncated, bundle.ErrTruncated) {
			t.Errorf("encrypted %v: %v", encrypted, truncated)
		}
	}
}

func TestBlocksAddedRepeatedMixed(t *testing.T) {
	key, list := testKey(1), results(20000)
	b := write(t, testHeader(), key, list)
	h := testHeader()
	h.ID = bundle.NewID()
	other := write(t, h, key, list)
	starts := blocks(b)
	if len(starts) < 6 {
		t.Fatalf("only %d blocks", len(starts))
	}
	for name, bad := range map[string][]byte{
		"a byte added":        append(bytes.Clone(b), 0),
		"twice":               append(bytes.Clone(b), b...),
		"two bundles":         append(bytes.Clone(b), other...),
		"a block twice":       append(append(bytes.Clone(b[:starts[3]]), b[starts[2]:starts[3]]...), b[starts[3]:]...),
		"a block left out":    append(bytes.Clone(b[:starts[2]]), b[starts[3]:]...),
		"a block of another":  append(append(bytes.Clone(b[:starts[2]]), other[starts[2]:starts[3]]...), b[starts[3]:]...),
		"a header of another": append(bytes.Clone(other[:starts[1]]), b[starts[1]:]...),
		"a header within":     append(append(bytes.Clone(b[:starts[2]]), b[starts[0]:starts[1]]...), b[starts[2]:]...),
		"an early end":        append(bytes.Clone(b[:starts[3]]), b[starts[len(starts)-1]:]...),
	} {
		if e := openError(t, name, bad); !errors.Is(e, bundle.ErrChanged) {
			t.Errorf("%s: %v", name, e)
		}
	}
}

// blocks returns the offsets of the blocks.
func blocks(b []byte) []int {
	var starts []int
	for at := 20; at < len(b); {
		starts = append(starts, at)
		at += 5 + int(b[at+1])<<24 + int(b[at+2])<<16 + int(b[at+3])<<8 + int(b[at+4]) + 64
	}
	return starts
}

func TestNotABundle(t *testing.T) {
	newer := small(t)
	newer[19] = 2
	for text, want := range map[string]error{
		"": bundle.ErrNotBundle, "{}": bundle.ErrNotBundle,
		"virgo-bundle\n\x1a\n": bundle.ErrNotBundle, // transferred in text mode
		"virgo":                bundle.ErrTruncated, "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl": bundle.ErrNotBundle,
		"age-encryption.org/v1\n": bundle.ErrEncrypted, string(newer): bundle.ErrNewerVersion,
	} {
		if e := openError(t, text, []byte(text)); !errors.Is(e, want) {
			t.Errorf("%q: %v", text, e)
		}
	}
}

// changingSource returns one bundle until it was read once, and another one afterwards.
type changingSource struct {
	first, then []byte
	read        int
}

func (s *changingSource) ReadAt(b []byte, off int64) (int, error) {
	src := s.first
	if s.read >= len(s.first) {
		src = s.then
	} else {
		s.read += len(b)
	}
	return bytes.NewReader(src).ReadAt(b, off)
}

func TestSourceChangesAfterOpen(t *testing.T) {
	list := results(20000)
	good := write(t, testHeader(), testKey(1), list)
	late := bytes.Clone(good)
	late[len(late)/2] ^= 1
	h := testHeader()
	h.ID = bundle.NewID()
	for name, then := range map[string][]byte{
		"changed": late, "gone": nil,
		"another key":    write(t, testHeader(), testKey(2), list),
		"another bundle": write(t, h, testKey(1), list),
	} {
		src := &changingSource{first: good, then: then}
		r, err := bundle.Open(src, int64(len(good)), bundle.ReaderOptions{})
		check(t, err)
		src.read = len(good)
		got, err := all(r)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		for i := range got {
			if !bytes.Equal(got[i].Data, list[i].Data) {
				t.Fatalf("%s: a result is returned that was not verified", name)
			}
		}
	}
}

type failingMedium struct {
	good []byte
	from int64
}

func (m failingMedium) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > m.from {
		return 0, &fs.PathError{Op: "read", Path: "stick", Err: errors.New("input/output error")}
	}
	return bytes.NewReader(m.good).ReadAt(b, off)
}

func TestMediumErrorIsNotChange(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	check(t, err)
	for _, b := range [][]byte{small(t), write(t, testHeader(), testKey(1), results(20000), id.Recipient())} {
		size, opt := int64(len(b)), bundle.ReaderOptions{Identities: []age.Identity{id}}
		_, err := bundle.Open(failingMedium{b, size / 2}, size, opt)
		var e *bundle.Error
		if err == nil || errors.As(err, &e) || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("%v", err)
		}
	}
}

// TestGoldenBundle reads a bundle from when the format was introduced, and writes the same bytes.
func TestGoldenBundle(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "golden.bundle"))
	check(t, err)
	if got := small(t); !bytes.Equal(got, want) {
		t.Errorf("the format has changed: %d bytes, were %d", len(got), len(want))
	}
	r, err := open(want)
	check(t, err)
	got, err := all(r)
	check(t, err)
	if len(got) != 6 || got[5].ID != "web-1/000000000000abc1-6" {
		t.Errorf("%+v", got)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}
