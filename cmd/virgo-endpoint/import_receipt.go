package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"virgo/spool/bundle"
	"virgo/transport/endpoint"
	"virgo/transport/receipt"
)

// What one document of a receipt holds here: well under receipt.MaxBytes, whatever the texts. A large
// bundle has several, a line each.
const (
	rangesInReceipt  = receipt.MaxRanges / 4
	refusedInReceipt = receipt.MaxRefused / 4
)

// receiptMode lets whoever carries it back read it; it holds no secret.
const receiptMode = 0o644

// receipt signs what the store has of a bundle, and writes it where it belongs.
func (in *importing) receipt(file string, h bundle.Header, got endpoint.Imported) (where string, err error) {
	lines, err := in.sign(h, got)
	if err != nil {
		return "", err
	}
	switch in.cmd.Receipt {
	case stdStream:
		return stdStream, in.app.print(lines)
	case "":
		where = file + ".receipt"
		return where, writeWhole(where, lines)
	default:
		// One file for all: whole after each bundle, so that an end in the middle leaves what was reached.
		in.receipts = append(in.receipts, lines...)
		return in.cmd.Receipt, writeWhole(in.cmd.Receipt, in.receipts)
	}
}

// sign makes the documents, each with its line's end.
func (in *importing) sign(h bundle.Header, got endpoint.Imported) ([]byte, error) {
	ranges, refused := got.Held.List(), got.Refusals
	var lines bytes.Buffer
	for first := true; first || len(ranges) > 0 || len(refused) > 0; first = false {
		r, f := min(len(ranges), rangesInReceipt), min(len(refused), refusedInReceipt)
		doc, err := receipt.Sign(receipt.Receipt{
			Agent: h.Agent, Bundle: h.ID, Ranges: ranges[:r], Refused: refused[:f],
			Endpoint: endpoint.EndpointName(in.cert.Leaf), IssuedMS: in.app.now().UnixMilli(),
		}, in.cert)
		if err != nil {
			return nil, err
		}
		lines.Write(doc)
		lines.WriteByte('\n')
		ranges, refused = ranges[r:], refused[f:]
	}
	return lines.Bytes(), nil
}

// writeWhole writes a file that is there whole or as it was before.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(receiptMode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return nil
}
