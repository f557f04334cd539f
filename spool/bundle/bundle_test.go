package bundle_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"virgo/spool/bundle"
)

const agent = "web-1"

// testKey returns the same key in every run, for the golden bundle.
func testKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func testHeader() bundle.Header {
	return bundle.Header{
		Agent: agent, Name: "web one", ID: "00112233445566778899aabbccddeeff",
		Created: time.UnixMilli(1772366400000), Version: "0.1.0",
	}
}

// results returns n results like virgo's.
func results(n int) []bundle.Record {
	list := make([]bundle.Record, n)
	for i := range list {
		list[i] = bundle.Record{
			Order: uint64(i + 7), ID: fmt.Sprintf("%s/%016x-%x", agent, 0xabc0+i/5, i+1),
			Made: time.UnixMilli(1772366000000 + int64(i)*1000),
			Data: fmt.Appendf(nil, `{"check_id":"cpu","check_type":"agent.cpu","state":"available","timestamp":%d,"metrics":[[null,{"usage":{"t":"double","v":"%d.5"}}]]}`, i, i*37%100),
		}
	}
	return list
}

func write(
	t testing.TB, h bundle.Header, key ed25519.PrivateKey, list []bundle.Record, recipients ...age.Recipient,
) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := bundle.NewWriter(&buf, h, key, bundle.WriterOptions{Recipients: recipients})
	check(t, err)
	for _, r := range list {
		check(t, w.Add(r))
	}
	check(t, w.Close())
	return buf.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(b []byte, identities ...age.Identity) (*bundle.Reader, error) {
	return bundle.Open(bytes.NewReader(b), int64(len(b)), bundle.ReaderOptions{Identities: identities})
}

// all returns every result of a reader.
func all(r *bundle.Reader) ([]bundle.Record, error) {
	var list []bundle.Record
	for {
		some, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		for _, rec := range some {
			rec.Data = bytes.Clone(rec.Data)
			list = append(list, rec)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 400<<10)
	for i := range random {
		random[i] = byte(rnd.Uint32())
	}
	large := results(3)
	large[0].Data, large[1].Data, large[2].Data = random, make([]byte, bundle.MaxDataBytes), nil
	id, err := age.GenerateX25519Identity()
	check(t, err)
	other, err := age.GenerateX25519Identity()
	check(t, err)
	for name, list := range map[string][]bundle.Record{
		"none": nil, "one": results(1), "many": results(9000), "large": large,
	} {
		for _, encrypted := range []bool{false, true} {
			var recipients []age.Recipient
			if encrypted {
				recipients = []age.Recipient{other.Recipient(), id.Recipient()}
			}
			b := write(t, testHeader(), testKey(1), list, recipients...)
			r, err := open(b, id)
			if err != nil {
				t.Fatalf("%s, encrypted %v: %v", name, encrypted, err)
			}
			want := testHeader()
			want.Key = testKey(1).Public().(ed25519.PublicKey)
			if !reflect.DeepEqual(r.Header(), want) || r.Count() != uint64(len(list)) {
				t.Errorf("%s: %+v, %d", name, r.Header(), r.Count())
			}
			for range 2 { // and again after Rewind
				got, err := all(r)
				check(t, err)
				if len(got) != len(list) {
					t.Fatalf("%s: %d results, want %d", name, len(got), len(list))
				}
				for i := range got {
					if !bytes.Equal(got[i].Data, list[i].Data) || got[i].ID != list[i].ID ||
						got[i].Order != list[i].Order || !got[i].Made.Equal(list[i].Made) {
						t.Fatalf("%s: result %d differs", name, i)
					}
				}
				r.Rewind()
			}
			if name == "many" && !encrypted {
				if raw := len(list) * 150; len(b) > raw/4 {
					t.Errorf("%d bytes for about %d of results: not compressed", len(b), raw)
				}
			}
		}
	}
}

func TestEncryptedBundle(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	check(t, err)
	other, err := age.GenerateX25519Identity()
	check(t, err)
	b := write(t, testHeader(), testKey(1), results(3), id.Recipient())
	if bytes.Contains(b, []byte(agent)) || bytes.Contains(b, []byte("check_id")) {
		t.Error("an encrypted bundle can be read")
	}
	for _, ids := range [][]age.Identity{nil, {other}} {
		_, err := open(b, ids...)
		var e *bundle.Error
		if !errors.Is(err, bundle.ErrEncrypted) || !errors.As(err, &e) || !strings.Contains(e.Hint(), "--identity") {
			t.Errorf("%v", err)
		}
	}
}

func TestParseKeys(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	check(t, err)
	if _, err := bundle.ParseRecipient(id.Recipient().String()); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "age1", "ssh-ed25519 AAAA", id.String(), "age1\nage1", id.Recipient().String() + "\n" + id.Recipient().String()} {
		if _, err := bundle.ParseRecipient(bad); err == nil {
			t.Errorf("%q is accepted as a recipient", bad)
		} else if strings.Contains(err.Error(), "SECRET-KEY-1") {
			t.Error("a secret key is in an error")
		}
	}
	if list, err := bundle.ParseIdentities(strings.NewReader("# a comment\n" + id.String() + "\n")); err != nil || len(list) != 1 {
		t.Error(err)
	}
	if _, err := bundle.ParseIdentities(strings.NewReader("hunter2\n")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func TestInvalidHeadersAndRecords(t *testing.T) {
	for name, change := range map[string]func(*bundle.Header){
		"no agent":   func(h *bundle.Header) { h.Agent = "" },
		"long agent": func(h *bundle.Header) { h.Agent = strings.Repeat("a", 2000) },
		"long name":  func(h *bundle.Header) { h.Name = strings.Repeat("a", 2000) },
		"short id":   func(h *bundle.Header) { h.ID = "ABCDEF" },
		"no time":    func(h *bundle.Header) { h.Created = time.Time{} },
	} {
		h := testHeader()
		change(&h)
		if _, err := bundle.NewWriter(io.Discard, h, testKey(1), bundle.WriterOptions{}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	w, err := bundle.NewWriter(io.Discard, testHeader(), testKey(1), bundle.WriterOptions{})
	check(t, err)
	for _, r := range []bundle.Record{
		{ID: "web-2/0-1"}, {ID: "web-1"}, {ID: "web-1/"}, {ID: "web-10/1-1"}, {},
		{ID: "web-1/" + strings.Repeat("f", 2000)}, {ID: "web-1/1-1", Data: make([]byte, bundle.MaxDataBytes+1)},
	} {
		if w.Add(r) == nil {
			t.Errorf("%.40q is accepted", r.ID)
		}
	}
}

// failing is a writer that fails after so many bytes.
type failing struct{ left int }

var errFull = errors.New("no space left on device")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestFullDisk(t *testing.T) {
	whole := len(write(t, testHeader(), testKey(1), results(20)))
	for n := range whole {
		w, err := bundle.NewWriter(&failing{n}, testHeader(), testKey(1), bundle.WriterOptions{})
		if err == nil {
			for _, r := range results(20) {
				if err = w.Add(r); err != nil {
					break
				}
			}
			if closed := w.Close(); err == nil {
				err = closed
			}
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("full after %d bytes: %v", n, err)
		}
	}
}
