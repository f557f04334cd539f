package lz4

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	pierrec "github.com/pierrec/lz4/v4"
)

// packTheirs returns pierrec's block for src.
func packTheirs(t testing.TB, src []byte) []byte {
	t.Helper()
	var c pierrec.Compressor
	block := make([]byte, pierrec.CompressBlockBound(len(src)))
	n, err := c.CompressBlock(src, block)
	if err != nil || n == 0 {
		t.Fatalf("pierrec does not compress %d bytes: %v", len(src), err)
	}
	return block[:n]
}

// expandBoth expands a block by both packages and fails unless what this one accepts is accepted by
// pierrec too, with the same content.
func expandBoth(t testing.TB, block []byte, size int) (got []byte, ok bool) {
	t.Helper()
	got, err := Expand(nil, block, size)
	if err != nil {
		return nil, false
	}
	theirs := make([]byte, size)
	n, err := pierrec.UncompressBlock(block, theirs)
	if err != nil || n != size || !bytes.Equal(got, theirs) {
		t.Fatalf("the block %x has %x, but pierrec's content is %x, %v", block, got, theirs[:max(n, 0)], err)
	}
	return got, true
}

// sampleData returns data of one of the kinds that a packer meets.
func sampleData(rnd *rand.Rand) []byte {
	n := rnd.IntN(1 + rnd.IntN(4000))
	switch rnd.IntN(4) {
	case 0: // like a queue's records
		var b []byte
		for i := rnd.IntN(1000); len(b) < n; i++ {
			b = append(b, record(i)...)
		}
		return b[:n]
	case 1: // incompressible
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	case 2: // short periods: matches that overlap what they write
		return bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz")[:1+rnd.IntN(36)], 1+n/8)
	default: // repetitions at any distance
		b := make([]byte, n)
		symbols, repeats := 1+rnd.IntN(255), rnd.IntN(100)
		for i := range b {
			b[i] = byte(rnd.IntN(symbols))
			if back := rnd.IntN(i + 1); back > 0 && rnd.IntN(100) < repeats {
				b[i] = b[i-back]
			}
		}
		return b
	}
}

// damage changes a block in some places.
func damage(rnd *rand.Rand, block []byte) []byte {
	b := bytes.Clone(block)
	for range 1 + rnd.IntN(3) {
		at := rnd.IntN(len(b))
		switch rnd.IntN(5) {
		case 0:
			b[at] = byte(rnd.Uint32())
		case 1:
			b[at] ^= 1 << rnd.IntN(8)
		case 2:
			b[at] = 0xff
		case 3:
			b = b[:at+1]
		default:
			b = append(b[:at], append([]byte{byte(rnd.Uint32())}, b[at:]...)...)
		}
	}
	return b
}

func TestAgainstPierrec(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	accepted := 0
	for range 20_000 {
		data := sampleData(rnd)
		for _, block := range [][]byte{Append(nil, data), packTheirs(t, data)} {
			got, ok := expandBoth(t, block, len(data))
			if !ok || !bytes.Equal(got, data) {
				t.Fatalf("the block %x has %x, %v, want %x", block, got, ok, data)
			}
			size := len(data)
			if rnd.IntN(4) == 0 {
				size = rnd.IntN(5000)
			}
			if _, ok := expandBoth(t, damage(rnd, block), size); ok {
				accepted++
			}
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d of the damaged blocks are blocks still: the damage is too coarse to compare", accepted)
	}
}

func FuzzAgainstPierrec(f *testing.F) {
	f.Add([]byte{4<<4 | 8, 'a', 'b', 'c', 'd', 4, 0, 5 << 4, 'v', 'w', 'x', 'y', 'z'}, uint16(21))
	f.Add([]byte{15<<4 | 15, 0, 'a', 1, 0, 255, 255, 0, 0}, uint16(600))
	f.Add([]byte{0}, uint16(0))
	f.Fuzz(func(t *testing.T, block []byte, size uint16) {
		expandBoth(t, block, int(size))
		expandBoth(t, packTheirs(t, block), len(block))
		if got, ok := expandBoth(t, Append(nil, block), len(block)); !ok || !bytes.Equal(got, block) {
			t.Fatalf("%x becomes %x, %v", block, got, ok)
		}
	})
}

// record returns a result like those in a queue.
func record(i int) []byte {
	n := int64(i)
	return fmt.Appendf(nil, `{"check_id":"memory","check_type":"agent.memory","state":"available",`+
		`"status":"success","timestamp":%d,"min_check_period":60000,"metrics":[[null,{`+
		`"total":{"t":"gauge","v":"16000000000","u":"bytes"},"used":{"t":"gauge","v":"%d","u":"bytes"},`+
		`"free":{"t":"gauge","v":"%d","u":"bytes"},"swap_page_in":{"t":"gauge","v":"%d","u":"bytes"}}]]}`,
		1_700_000_000_000+60_000*n, 4_000_000_000+4096*n, 12_000_000_000-4096*n, 17*n)
}

// group returns the content of a group of records.
func group() (b []byte) {
	for i := 0; len(b) < 64<<10; i++ {
		b = append(b, record(i)...)
	}
	return b[:64<<10]
}

func BenchmarkAppend(b *testing.B) {
	content := group()
	bench := func(name string, pack func(dst []byte) int) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			dst := make([]byte, pierrec.CompressBlockBound(len(content)))
			size := 0
			for b.Loop() {
				size = pack(dst)
			}
			b.ReportMetric(float64(size)/float64(len(content)), "ratio")
		})
	}
	bench("ours", func(dst []byte) int { return len(Append(dst[:0], content)) })
	var once pierrec.Compressor
	for name, c := range map[string]*pierrec.Compressor{"pierrec": nil, "pierrec-reused": &once} {
		bench(name, func(dst []byte) int {
			c := c
			if c == nil {
				c = new(pierrec.Compressor)
			}
			n, err := c.CompressBlock(content, dst)
			if err != nil {
				b.Fatal(err)
			}
			return n
		})
	}
}

func BenchmarkExpand(b *testing.B) {
	content := group()
	block := Append(nil, content)
	bench := func(name string, expand func(dst []byte) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			dst := make([]byte, len(content))
			for b.Loop() {
				if err := expand(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("ours", func(dst []byte) error { _, err := Expand(dst[:0], block, len(content)); return err })
	bench("pierrec", func(dst []byte) error { _, err := pierrec.UncompressBlock(block, dst); return err })
}
