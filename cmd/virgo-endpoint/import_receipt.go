package main

import (
	"bytes"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/spool/bundle"
	"virgo/transport/receipt"
)

// What one document of a receipt names here: well under receipt.MaxBytes, whatever the texts. A large
// bundle has several documents, one a line.
const (
	rangesInReceipt  = receipt.MaxRanges / 4
	refusedInReceipt = receipt.MaxRefused / 4
)

// receiptMode lets the courier read a receipt: there is no secret in it.
const receiptMode = 0o644

// receipt signs what the store has of a bundle, and writes it to its file or to standard output.
func (in *bundleImport) receipt(file string, h bundle.Header, got store.ImportReport) (where string, err error) {
	lines, err := in.sign(h, got)
	if err != nil {
		return "", err
	}
	switch in.cmd.Receipt {
	case stdStream:
		return stdStream, in.app.print(lines)
	case "":
		where = file + ".receipt"
		return where, writeReceipt(where, lines)
	default:
		// One file for all, rewritten after each bundle: an interruption leaves the receipts so far.
		in.receipts = append(in.receipts, lines...)
		return in.cmd.Receipt, writeReceipt(in.cmd.Receipt, in.receipts)
	}
}

// sign makes the documents, one a line.
func (in *bundleImport) sign(h bundle.Header, got store.ImportReport) ([]byte, error) {
	ranges, refused := got.Held.List(), got.Refusals
	var lines bytes.Buffer
	for first := true; first || len(ranges) > 0 || len(refused) > 0; first = false {
		r, f := min(len(ranges), rangesInReceipt), min(len(refused), refusedInReceipt)
		doc, err := in.cert.SignReceipt(receipt.Receipt{
			Agent: h.Agent, Bundle: h.ID, Ranges: ranges[:r], Refused: refused[:f], IssuedMS: in.app.now().UnixMilli(),
		})
		if err != nil {
			return nil, err
		}
		lines.Write(doc)
		lines.WriteByte('\n')
		ranges, refused = ranges[r:], refused[f:]
	}
	return lines.Bytes(), nil
}

func writeReceipt(path string, data []byte) error {
	if err := folder.WriteFile(path, data, receiptMode); err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return nil
}
