package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxRowBytes bounds the content of a row.
	maxRowBytes = 64 << 20
	// windowBytes bounds how far back the compression of a row refers.
	windowBytes = 1 << 18
	// checksumBytes is the length of the checksum with which a row begins.
	checksumBytes = 4
)

var errChecksum = errors.New("its checksum is wrong")

// A codec compresses the rows of the tables and verifies them. It is safe for concurrent use.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newCodec() (*codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(windowBytes),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("preparing compression: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxRowBytes))
	if err != nil {
		return nil, fmt.Errorf("preparing decompression: %w", err)
	}
	return &codec{encoder, decoder}, nil
}

func (c *codec) close() {
	c.encoder.Close()
	c.decoder.Close()
}

// seal returns the row of a key with that content.
func (c *codec) seal(key int64, content []byte) []byte {
	row := c.encoder.EncodeAll(content, make([]byte, checksumBytes, checksumBytes+len(content)/2+64))
	binary.LittleEndian.PutUint32(row, checksum(key, row[checksumBytes:]))
	return row
}

// open returns the content of a row. Errors: errChecksum, errContent.
func (c *codec) open(key int64, row []byte) ([]byte, error) {
	if len(row) < checksumBytes || binary.LittleEndian.Uint32(row) != checksum(key, row[checksumBytes:]) {
		return nil, errChecksum
	}
	content, err := c.decoder.DecodeAll(row[checksumBytes:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errContent, err)
	}
	return content, nil
}

func checksum(key int64, data []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	var k [8]byte
	binary.LittleEndian.PutUint64(k[:], uint64(key))
	return crc32.Update(crc32.Update(0, table, k[:]), table, data)
}
