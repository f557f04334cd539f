package main

import (
	"bytes"
	"fmt"
	"time"

	"virgo/transport/receipt"
)

// showReceipts prints a line for each receipt, and one for each refused result.
func showReceipts(data []byte, caFile string) error {
	for line := range bytes.Lines(data) {
		r, err := receipt.Open(bytes.TrimSuffix(line, []byte("\n")), receipt.Trust{CAFile: caFile}, time.Now())
		if err != nil {
			return err
		}
		fmt.Println("agent", r.Agent, "bundle", r.Bundle, "endpoint", r.Endpoint, "has", r.Ranges)
		for _, f := range r.Refused {
			fmt.Println("refused", f.ID, f.Code, f.Message)
		}
	}
	return nil
}
