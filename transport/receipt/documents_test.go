package receipt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"virgo/transport/receipt"
)

func TestDocuments(t *testing.T) {
	broken := errors.New("broken stick")
	for text, want := range map[string]struct {
		docs string
		err  error
	}{
		"":                                      {},
		"\n\r\n":                                {},
		"a":                                     {"a", nil},
		"a\nb\r\n\nc ":                          {"a b c", nil},
		strings.Repeat("x", receipt.MaxBytes+3): {"", receipt.ErrNotReceipt},
		"a\n" + strings.Repeat("b\n", 1<<12):    {"a" + strings.Repeat(" b", 1<<12-1), receipt.ErrNotReceipt},
		strings.Repeat("y", receipt.MaxBytes) + "\n": {strings.Repeat("y", receipt.MaxBytes), nil},
	} {
		var docs []string
		var failed error
		for doc, err := range receipt.Documents(strings.NewReader(text)) {
			if err != nil {
				failed = err
				continue
			}
			docs = append(docs, string(doc))
		}
		if strings.Join(docs, " ") != want.docs || !errors.Is(failed, want.err) {
			t.Errorf("%.10q…: %d documents, %v", text, len(docs), failed)
		}
	}
	for doc, err := range receipt.Documents(iotest.ErrReader(broken)) {
		if !errors.Is(err, broken) {
			t.Errorf("%q, %v", doc, err)
		}
	}
	for range receipt.Documents(strings.NewReader("a\nb\n")) {
		break // and no more is asked for
	}
}

func TestReadNeedsNoTrust(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "receipt.json"))
	check(t, err)
	got, err := receipt.Read(doc)
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := receipt.Read([]byte(strings.Replace(string(doc), "-5-9", "-5-8", 1))); !errors.Is(err, receipt.ErrChanged) {
		t.Errorf("a changed one: %v", err)
	}
}

func TestRangeLen(t *testing.T) {
	for r, want := range map[receipt.Range]uint64{
		{From: 5, To: 5}: 1, {From: 0, To: 9}: 10, {From: 0, To: 1<<64 - 1}: 1<<64 - 1, {From: 1, To: 1<<64 - 1}: 1<<64 - 1,
	} {
		if got := r.Len(); got != want {
			t.Error(fmt.Sprint(r), got, want)
		}
	}
}
