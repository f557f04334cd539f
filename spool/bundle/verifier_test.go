package bundle

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

var pieceKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// plainBundle has a few blocks of results, with data of all lengths.
func plainBundle(t testing.TB, agent string, n int) []byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	var buf bytes.Buffer
	w, err := NewWriter(&buf, Header{Agent: agent, ID: NewID(), Created: time.UnixMilli(5e11)}, pieceKey, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		data := make([]byte, 1000)
		for k := range data {
			data[k] = byte(rnd.Uint32())
		}
		err := w.Add(Record{Order: uint64(i), ID: fmt.Sprintf("%s/%d", agent, i), Made: time.UnixMilli(1), Data: data})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// inPieces verifies a bundle in pieces of these sizes, each by a Verifier of its own.
func inPieces(plain []byte, size func() int) (ids []string, v *Verifier, err error) {
	var state []byte
	for offset := int64(0); offset < int64(len(plain)); offset = v.Offset() {
		end := min(int64(len(plain)), offset+int64(size()))
		if v, err = NewVerifier(state, plain[offset:end]); err != nil {
			return ids, v, err
		}
		for {
			list, err := v.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return ids, v, err
			}
			for _, r := range list {
				ids = append(ids, r.ID)
			}
		}
		if state, err = v.State(); err != nil {
			return ids, v, err
		}
		if v.Complete() {
			break
		}
	}
	return ids, v, nil
}

func TestVerifierInPieces(t *testing.T) {
	const results = 700
	plain := plainBundle(t, "far", results)
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, size := range []func() int{
		func() int { return len(plain) }, func() int { return MaxHeaderBytes },
		func() int { return MaxHeaderBytes + rnd.IntN(1<<19) },
	} {
		ids, v, err := inPieces(plain, size)
		if err != nil || !v.Complete() || v.Offset() != int64(len(plain)) || len(ids) != results {
			t.Fatalf("%d results, %v", len(ids), err)
		}
		for i, id := range ids {
			if id != fmt.Sprint("far/", i) {
				t.Fatalf("result %d is %s", i, id)
			}
		}
	}
	if _, _, err := inPieces(append(bytes.Clone(plain), 0), func() int { return 100000 }); !errors.Is(err, ErrChanged) {
		t.Errorf("bytes behind its end: %v", err)
	}
	if _, _, err := inPieces(plain, func() int { return 100 }); !errors.Is(err, ErrTruncated) {
		t.Errorf("half a header: %v", err)
	}
	if _, _, err := inPieces([]byte("nothing of this kind"), func() int { return 100 }); !errors.Is(err, ErrNotBundle) {
		t.Errorf("another file: %v", err)
	}
}

// No bit can be changed, wherever the pieces end, and what was verified before stays good.
func TestVerifierFindsChanges(t *testing.T) {
	plain := plainBundle(t, "far", 300)
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		changed := bytes.Clone(plain)
		at := rnd.IntN(len(changed))
		changed[at] ^= 1 << rnd.IntN(8)
		size := MaxHeaderBytes + rnd.IntN(1<<17)
		ids, v, err := inPieces(changed, func() int { return size })
		if err == nil && v.Complete() {
			t.Fatalf("byte %d was changed", at)
		}
		if err == nil { // a length that is longer than all that comes
			continue
		}
		if int64(at) < v.Offset() && v.Begun() {
			t.Fatalf("byte %d was changed, and %d are good: %v", at, v.Offset(), err)
		}
		if !v.Begun() {
			continue
		}
		state, err := v.State()
		if err != nil {
			t.Fatal(err)
		}
		v, err = NewVerifier(state, plain[v.Offset():])
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var list []Record
			list, err = v.Next()
			for _, r := range list {
				ids = append(ids, r.ID)
			}
		}
		if !errors.Is(err, io.EOF) || !v.Complete() || len(ids) != 300 {
			t.Fatalf("byte %d: continued with %d results, %v", at, len(ids), err)
		}
	}
}

func FuzzVerifier(f *testing.F) {
	plain := plainBundle(f, "far", 3)
	f.Add([]byte(nil), plain)
	v, err := NewVerifier(nil, plain[:len(plain)/2])
	if err != nil {
		f.Fatal(err)
	}
	if _, err := v.Next(); err != nil {
		f.Fatal(err)
	}
	state, err := v.State()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state, plain[v.Offset():])
	f.Fuzz(func(t *testing.T, state, piece []byte) {
		if len(state) == 0 {
			state = nil
		}
		v, err := NewVerifier(state, piece)
		if err != nil {
			return
		}
		for err == nil {
			_, err = v.Next()
		}
		if !v.Begun() {
			return
		}
		if len(v.rest) > maxPending {
			t.Fatalf("%d bytes are pending", len(v.rest))
		}
		again, err := v.State()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewVerifier(again, nil); err != nil {
			t.Fatal(err)
		}
	})
}
