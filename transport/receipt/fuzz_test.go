package receipt_test

import (
	"os"
	"path/filepath"
	"testing"

	"virgo/transport/receipt"
)

// Open never panics, and accepts no other document than the one that was signed.
func FuzzOpen(f *testing.F) {
	doc, err := os.ReadFile(filepath.Join("testdata", "receipt.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"virgo_receipt":1,"payload":"","algorithm":"ed25519","signature":"","certificates":[""]}`))
	f.Add([]byte(`{"virgo_receipt":2}`))
	f.Add([]byte(`[]`))
	trust := receipt.Trust{CAFile: filepath.Join("testdata", "ca.pem")}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := receipt.Open(doc, trust, issued)
		if err == nil && r.Agent != "web-1" {
			t.Fatalf("believed: %+v", r)
		}
	})
}

func FuzzParseRange(f *testing.F) {
	f.Add("00000000deadbeef-1-ff")
	f.Add("0000000000000000-0-")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := receipt.ParseRange(s)
		if err != nil {
			return
		}
		if again, err := receipt.ParseRange(r.String()); err != nil || again != r {
			t.Fatalf("%q is %v, which is %v", s, r, err)
		}
	})
}
