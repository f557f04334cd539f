package renewal

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"

	"virgo/cmd/internal/link"
	"virgo/schedule/scriptbundle"
)

// A scriptedConn answers with fixed bytes whatever it is sent.
type scriptedConn struct {
	net.Conn
	answer io.Reader
}

func (c scriptedConn) Read(p []byte) (int, error)      { return c.answer.Read(p) }
func (c scriptedConn) Write(p []byte) (int, error)     { return len(p), nil }
func (c scriptedConn) SetDeadline(time.Time) error     { return nil }
func (c scriptedConn) SetReadDeadline(time.Time) error { return nil }
func (c scriptedConn) Close() error                    { return nil }

// Whatever an endpoint answers, no more is taken than was asked for, and of a range only the bytes that it begins at.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), int64(0))
	f.Add([]byte("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-7/8\r\n\r\nabc"), int64(5))
	f.Add([]byte("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-7,9-9/8\r\n\r\nabc"), int64(5))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), int64(0))
	f.Add([]byte("HTTP/1.1 503 No\r\nRetry-After: 99999999999\r\n\r\n"), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, offset int64) {
		const limit = 64
		a := &answer{conn: scriptedConn{answer: bytes.NewReader(b)}, limited: &io.LimitedReader{N: maxHeaderBytes}}
		if err := (source{channel: "stable"}).request(t.Context(), a, "localhost:1", "a.zip", offset, `"x"`); err != nil {
			return
		}
		if a.from != 0 && a.from != offset {
			t.Errorf("begins at %d, asked for %d", a.from, offset)
		}
		var got bytes.Buffer
		_ = a.copyTo(&got, limit)
		if got.Len() > limit+1 {
			t.Errorf("%d bytes taken", got.Len())
		}
	})
}

// Whatever an endpoint offers, what is asked for is a plain name and not too much.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(`{"version":"1.0.0","file":"bundle-standard-1.0.0.zip","size":5,"sha256":""}`))
	f.Add([]byte(`{"version":"1.0.0","file":"..","size":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var o link.Offer
		if json.Unmarshal(b, &o) != nil {
			return
		}
		d, err := readOffer(o, "a bundle", scriptbundle.MaxBundleBytes, "stable")
		if err != nil {
			return
		}
		if d.File != "" && d.File[0] == '.' || bytes.ContainsAny([]byte(d.File), "/\\?#%\r\n ") || d.Bytes < 0 || d.Bytes > scriptbundle.MaxBundleBytes {
			t.Errorf("%+v", d)
		}
	})
}
