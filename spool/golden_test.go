package spool

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

var update = flag.Bool("update", false, "write testdata/tree.golden again")

// The tree of a file with one of everything, as doc.go describes it. Random values and the sums
// over them are left out.
func TestGoldenTree(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{MaxBytes: 8 * 100, Now: func() time.Time { return now }})
	put(t, s, strings.Repeat("x", 700), "bravo")
	now = now.Add(time.Minute)
	put(t, s, "delta", "gamma", "omega")
	settle(t, s, Outcome{Seq: 4, Refused: &Refusal{Code: 400, Message: "no"}})
	r := put(t, s, "sigma")
	if _, err := s.Drop(t.Context(), Selection{IDs: []string{r[0].ID}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Put("checks", "cpu", []byte{1, 2}); err != nil {
			return err
		}
		return tx.Put("samples", "cpu", nil)
	}); err != nil {
		t.Fatal(err)
	}
	got := dump(t, s.Path())
	const golden = "testdata/tree.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the tree is\n%s\nwant\n%s\n(a change needs a new Format; then go test -update)", got, want)
	}
	// The package comment describes every bucket and every fixed key.
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^(\w+)/ (\w+)`).FindAllStringSubmatch(got, -1) {
		pattern := `(?m)^//\t` + m[1] + `/`
		if m[1] == "meta" && m[2] != "sequence" {
			pattern = `(?m)^//\t(meta/)? +` + m[2] + ` `
		}
		if !regexp.MustCompile(pattern).Match(doc) {
			t.Errorf("doc.go does not describe %q", m[0])
		}
	}
}

// dump returns a line for each key, with numbers in decimal.
func dump(t *testing.T, path string) string {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	numbers := func(v []byte, n int) (list []int64) {
		for i := range n {
			list = append(list, int64(binary.BigEndian.Uint64(v[8*i:])))
		}
		return list
	}
	record := func(k, v []byte) {
		r, err := parseRecord(parseKey(k), v)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&b, "kind %d, at %d, made %d, agent %q, data %q\n", v[0], r.at, r.made, r.agent, r.data)
	}
	err = db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			fmt.Fprintf(&b, "%s/ sequence %d\n", name, bucket.Sequence())
			return bucket.ForEach(func(k, v []byte) error {
				switch string(name) + "/" + string(k) {
				case "meta/format":
					fmt.Fprintf(&b, "meta/ format %d\n", parseFormat(v))
					return nil
				case "meta/totals":
					fmt.Fprintf(&b, "meta/ totals %d, sum of %d bytes\n", numbers(v, 8), len(v)-8*8)
					return nil
				case "meta/inflow":
					fmt.Fprintf(&b, "meta/ inflow %d\n", numbers(v, 6))
					return nil
				}
				switch string(name) {
				case "queue":
					fmt.Fprintf(&b, "queue/ %d: ", parseKey(k))
					record(k, v)
				case "rejected":
					why, rest, _ := parseReason(v)
					fmt.Fprintf(&b, "rejected/ %d: when %d, code %d, message %q, ",
						parseKey(k), why.Time.UnixMilli(), why.Code, why.Message)
					record(k, rest)
				case "dropped":
					fmt.Fprintf(&b, "dropped/ %s: %d\n", k, numbers(v, 4))
				case "state":
					bucket.Bucket(k).ForEach(func(key, v []byte) error {
						fmt.Fprintf(&b, "state/ %s/ %s: %x\n", k, key, stripSum(string(k), string(key), v))
						return nil
					})
				default:
					t.Errorf("%s/%s: %x is unknown", name, k, v)
				}
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
