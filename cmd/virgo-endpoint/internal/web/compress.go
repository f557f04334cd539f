package web

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// documentLevel is gzip's level for pages: fast, and within 3 % of the smallest.
const documentLevel = 5

// assetLevel is that of assets, which are compressed once.
const assetLevel = gzip.BestCompression

// A compressor makes documents smaller. It keeps its writers, which take a megabyte each.
type compressor struct{ writers sync.Pool }

func (c *compressor) compress(data []byte) ([]byte, error) {
	z, ok := c.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(io.Discard, documentLevel); err != nil {
			return nil, err
		}
	}
	defer c.writers.Put(z)
	return compressWith(z, data)
}

// compressWith compresses with a writer that may be used again.
func compressWith(z *gzip.Writer, data []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(data)/4+256))
	z.Reset(out)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
