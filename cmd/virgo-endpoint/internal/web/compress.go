package web

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
)

// documentLevel is gzip's level for pages: fast, and within 3 % of the smallest.
const documentLevel = 5

// assetLevel is that of assets, which are compressed once.
const assetLevel = gzip.BestCompression

func compress(data []byte) ([]byte, error) { return compressAt(data, documentLevel) }

func compressAt(data []byte, level int) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
