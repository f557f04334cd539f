package transport

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// A told connection reads fixed bytes and accepts all writes.
type told struct {
	io.Reader
	asked bytes.Buffer
}

func (t *told) Write(b []byte) (int, error) { return t.asked.Write(b) }

// Whatever a proxy answers: no panic, a bounded number of bytes read, and the same result whether
// they arrive at once or one by one.
func FuzzProxyAnswers(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\n\nrest", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n",
		"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x01\xbb", "\x05\x02\x01\x00\x05\x00\x00\x03\x01a\x00\x01", "\x05\xff", "\x15\x03\x01\x00\x02\x02\x28", "\n\n",
	} {
		f.Add([]byte(answer))
	}
	p, err := ParseProxy("user:s3cret@proxy.example:1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var byHTTP, bySOCKS [2]error
		var rests [2][]byte
		for i, r := range []func() io.Reader{
			func() io.Reader { return bytes.NewReader(answer) },
			func() io.Reader { return iotest.OneByteReader(bytes.NewReader(answer)) },
		} {
			source := r()
			rest, err := p.connect(&told{Reader: source}, "endpoint.example:443")
			left, _ := io.ReadAll(source)
			rests[i] = append(bytes.Clone(rest), left...)
			byHTTP[i] = err
			if read := len(answer) - len(left); read > maxProxyHead+1<<11 {
				t.Errorf("%d bytes were read", read)
			}
			source = r()
			bySOCKS[i] = p.socks(&told{Reader: source}, "endpoint.example:443")
			if left, _ := io.ReadAll(source); len(answer)-len(left) > 2+2+4+1+maxSocksBytes+2 {
				t.Errorf("%d bytes were read", len(answer)-len(left))
			}
		}
		for _, errs := range [][2]error{byHTTP, bySOCKS} {
			var a, b *ProxyError
			if (errs[0] == nil) != (errs[1] == nil) || errors.As(errs[0], &a) != errors.As(errs[1], &b) {
				t.Errorf("%q: %v at once, %v byte by byte", answer, errs[0], errs[1])
			}
		}
		if byHTTP[0] == nil && !bytes.Equal(rests[0], rests[1]) {
			t.Errorf("%q: %q is left at once, %q byte by byte", answer, rests[0], rests[1])
		}
	})
}
