package transport

import (
	"bytes"
	"testing"
)

// An invalid retry_after_ms is ignored and does not invalidate the error.
func TestRetryAfter(t *testing.T) {
	for field, want := range map[string]int64{
		`"retry_after_ms":90000`:                90_000,
		`"retry_after_ms":0`:                    0,
		`"retry_after_ms":-5`:                   0,
		`"retry_after_ms":1.5`:                  0,
		`"retry_after_ms":"soon"`:               0,
		`"retry_after_ms":null`:                 0,
		`"retry_after_ms":{"a":[1]}`:            0,
		`"retry_after_ms":99999999999999999999`: 0,
		`"retry_after":5`:                       0,
	} {
		f, err := read(t, `{"v":"1","id":1,"source":"endpoint","target":"a","error":{"code":400,"message":"m","type":"rateLimitReached",`+field+`}}`)
		if err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		if f.Error == nil || f.Error.RetryAfterMS != want || f.Error.Type != TypeRateLimit || !f.Error.EndsSession() {
			t.Errorf("%s: read as %+v", field, f.Error)
			continue
		}
		var b bytes.Buffer
		w := NewWriter(&b)
		if err := w.WriteFrame(&f); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		again, err := NewReader(&b).ReadFrame()
		if err != nil || *again.Error != *f.Error {
			t.Errorf("%s: written as %+v, %v", field, again.Error, err)
		}
	}
}
