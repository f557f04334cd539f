package segment

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// MaxSpan bounds the time between the earliest and the latest result of a blob, so that an index on
	// the earliest finds both the oldest and the newest results.
	MaxSpan = time.Hour
	// ShortSpan is that of short blobs, which have an index of their own: most are, and who looks for the
	// newest results has to read back by so much only.
	ShortSpan = 10 * time.Second
	// MaxRawBytes bounds the params of a blob of several results, MaxCount their number.
	MaxRawBytes = 256 << 10
	MaxCount    = 1024
	// maxContent bounds the content of a blob: a result's params are at most a frame of 4 MiB.
	maxContent = 16 << 20
	// blobVersion is the form of a blob.
	blobVersion = 1
	// sumBytes is the size of a checksum.
	sumBytes = 4
	// frameMagic is what each zstd frame starts with; blobs do not have it.
	frameMagic = "\x28\xb5\x2f\xfd"
)

// A Blob is results of one agent that arrived together.
type Blob struct {
	// Seq is the number of the first result, Agent the store's number of the agent.
	Seq, Agent int64
	// Received is when they arrived, by the endpoint's clock; Least and Most are the times of the earliest
	// and the latest result, by the agent's. In ms.
	Received, Least, Most int64
	// Count is the number of the results.
	Count int

	frame []byte
	codec *codec
}

// Results appends the results to list, without AgentID. They share memory with each other and not with the
// blob.
func (b *Blob) Results(list []intake.Result) ([]intake.Result, error) {
	content, err := b.codec.decompress(b.frame)
	if err == nil {
		list, err = readContent(list, content, b.Count, b.Seq, b.Least, b.Received)
	}
	if err != nil {
		return nil, b.codec.damaged(fmt.Errorf("results from %d on: %w", b.Seq, err))
	}
	return list, nil
}

// A codec compresses and decompresses the blobs of one segment. Decompressing is safe for concurrent use.
type codec struct {
	path string // for errors
	enc  *zstd.Encoder
	dec  *zstd.Decoder
	sums *crc32.Table
	raw  []byte // scratch of the one writer
}

func newCodec(path string, dictionary []byte, writes bool) (*codec, error) {
	c := &codec{path: path, sums: crc32.MakeTable(crc32.Castagnoli)}
	decoder := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxContent), zstd.WithDecodeAllCapLimit(false)}
	encoder := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(MaxRawBytes), zstd.WithLowerEncoderMem(true)}
	if len(dictionary) > 0 {
		decoder = append(decoder, zstd.WithDecoderDictRaw(0, dictionary))
		encoder = append(encoder, zstd.WithEncoderDictRaw(0, dictionary))
	}
	var err error
	if c.dec, err = zstd.NewReader(nil, decoder...); err != nil {
		return nil, fmt.Errorf("making a decoder for %q: %w", path, err)
	}
	if !writes {
		return c, nil
	}
	if c.enc, err = zstd.NewWriter(nil, encoder...); err != nil {
		return nil, fmt.Errorf("making an encoder for %q: %w", path, err)
	}
	return c, nil
}

func (c *codec) close() {
	if c != nil && c.dec != nil {
		c.dec.Close()
	}
}

// damaged returns err as the error of a damaged row of the file.
func (c *codec) damaged(err error) error {
	return fmt.Errorf("%w: segment %q: %w", intake.ErrDamaged, c.path, err)
}

// encode appends a row's data to dst.
func (c *codec) encode(dst []byte, b *Blob, results []intake.Result) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, blobVersion)
	dst = binary.AppendUvarint(dst, uint64(len(results)))
	c.raw = appendContent(c.raw[:0], results, b.Least)
	frame := len(dst)
	dst = c.enc.EncodeAll(c.raw, dst)
	dst = append(dst[:frame], dst[frame+len(frameMagic):]...)
	if cap(c.raw) > 4*MaxRawBytes {
		c.raw = nil
	}
	binary.LittleEndian.PutUint32(dst[start:], c.sum(b, dst[start+sumBytes:]))
	return dst
}

// decode reads a row: data is kept.
func (c *codec) decode(b *Blob, data []byte) error {
	if len(data) < sumBytes+1 || binary.LittleEndian.Uint32(data) != c.sum(b, data[sumBytes:]) {
		return c.damaged(fmt.Errorf("results from %d on: the checksum is wrong", b.Seq))
	}
	if data[sumBytes] != blobVersion {
		return fmt.Errorf("segment %q: results from %d on are of version %d, this program knows %d: a newer one wrote them",
			c.path, b.Seq, data[sumBytes], blobVersion)
	}
	r := reader{data: data[sumBytes+1:]}
	count := r.uint()
	if span := b.Most - b.Least; r.err != nil || count == 0 || count > maxContent || span < 0 || span > MaxSpan.Milliseconds() {
		return c.damaged(fmt.Errorf("results from %d on: %w", b.Seq, errShort))
	}
	b.Count, b.frame, b.codec = int(count), r.data, c
	return nil
}

// sum is the checksum of a row, over all of its columns.
func (c *codec) sum(b *Blob, data []byte) uint32 {
	var head [5 * 8]byte
	for i, n := range [...]int64{b.Seq, b.Agent, b.Received, b.Least, b.Most} {
		binary.LittleEndian.PutUint64(head[i*8:], uint64(n))
	}
	return crc32.Update(crc32.Checksum(head[:], c.sums), c.sums, data)
}

func (c *codec) decompress(frame []byte) ([]byte, error) {
	whole := make([]byte, 0, len(frameMagic)+len(frame))
	whole = append(append(whole, frameMagic...), frame...)
	return c.dec.DecodeAll(whole, nil)
}
