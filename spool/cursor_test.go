package spool

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A transaction that has emptied a queue of several pages can go on with it.
func TestAppendToEmptiedQueue(t *testing.T) {
	s := newSpool(t, Options{})
	data := make([]string, 100)
	rnd := rand.NewChaCha8([32]byte{})
	for i := range data {
		b := make([]byte, 3000) // of a size and kind that fills pages however it is packed
		rnd.Read(b)
		data[i] = string(b)
	}
	var outcomes []Outcome
	for _, r := range put(t, s, data...) {
		outcomes = append(outcomes, Outcome{Seq: r.Seq})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- s.Settle(ctx, outcomes, func(tx *Tx) error {
			if st, err := tx.Stats(); err != nil || st.Records != 0 || !st.Newest.IsZero() {
				return fmt.Errorf("stats of the emptied queue: %+v, %v", st, err)
			}
			records, err := tx.Append(entry("next"))
			if err == nil && records[0].Seq != 101 {
				err = fmt.Errorf("appended as %d", records[0].Seq)
			}
			return err
		})
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-ctx.Done():
		t.Fatal("the transaction does not return")
	}
	if got := queued(t, s); len(got) != 1 || got[0] != "next" {
		t.Errorf("queued: %q", got)
	}
}

// Nothing has the buckets of records from bbolt but type records. Only cursor.go calls bbolt's
// Cursor.Last, which may not return.
func TestOnlyCursorHasRecords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch sel.Sel.Name {
			case "Last":
				if of, ok := sel.X.(*ast.SelectorExpr); ok && of.Sel.Name == "tree" {
					return true
				}
				if found++; name != "cursor.go" {
					t.Errorf("%s calls Last: use cursor.last", fset.Position(call.Pos()))
				}
			case "Bucket", "bucket", "writable":
				arg, ok := call.Args[0].(*ast.Ident)
				if ok && (arg.Name == "bucketQueue" || arg.Name == "bucketRejected") {
					t.Errorf("%s: use Tx.records, whose pages are verified", fset.Position(call.Pos()))
				}
			}
			return true
		})
	}
	if found != 1 {
		t.Errorf("%d calls of Last found, want the one of cursor.last", found)
	}
}
