package remote

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"virgo/schedule"
)

func TestToUTF8(t *testing.T) {
	const latin = "Gr\xfc\xdfe \x80"
	for _, c := range []struct{ contentType, in, want string }{
		{"text/html; charset=UTF-8", "Grüße", "Grüße"},
		{"text/html", "Grüße", "Grüße"},
		{"", "Grüße", "Grüße"},
		{"text/html; charset=iso-8859-1", latin, "Grüße €"}, // windows-1252 in every browser
		{"text/html; charset=\"windows-1252\"", latin, "Grüße €"},
		{"text/plain", latin, "Grüße €"},
		{"text/html", "<html><head><meta charset=koi8-r></head>\xf0\xf2\xe9\xf7\xe5\xf4", "<html><head><meta charset=koi8-r></head>ПРИВЕТ"},
		{"text/html", `<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">` + "\x93\xfa\x96{", `<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">日本`},
		{"text/html; charset=gb2312", "\xc4\xe3\xba\xc3", "你好"},
		{"text/html; charset=utf-8", "\xff\xfeo\x00k\x00", "ok"}, // the mark counts more
		{"application/json", "\ufeff{}", "{}"},
		{"text/html; charset=utf-8", "a\xffb", "a\xffb"},
		{"text/html; charset=nonsense", latin, "Grüße €"},
		{"image/png", "\x89PNG\xfc", "\x89PNG\xfc"},
		{"application/octet-stream", latin, latin},
		{"text/html; charset=iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本"},
		{";;;", latin, "Grüße €"},
	} {
		if got := string(toUTF8([]byte(c.in), c.contentType)); got != c.want {
			t.Errorf("%s: %q: %q, want %q", c.contentType, c.in, got, c.want)
		}
	}
	if got := toUTF8([]byte(strings.Repeat("\xfc", maxBodyBytes)), "text/plain; charset=latin1"); len(got) != 2*maxBodyBytes {
		t.Errorf("%d bytes", len(got))
	}
}

func TestHTTPBodyInACharacterSet(t *testing.T) {
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
		io.WriteString(w, "Gr\xfc\xdfe aus K\xf6ln")
	})
	r := runType(t, "remote.http", schedule.Details{"url": s.URL, "body": "Grüße.*", "body_matches": map[string]any{"town": `aus (\pL+)`}})
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"body_match": "Grüße aus Köln", "body_match_town": "Köln", "bytes": "14"})
}

func FuzzToUTF8(f *testing.F) {
	f.Add([]byte("<meta charset=shift_jis>\x93\xfa"), "text/html")
	f.Add([]byte("\x1b$B"), "text/html; charset=iso-2022-jp")
	f.Add([]byte("\xfe\xff\xd8"), "")
	f.Fuzz(func(t *testing.T, text []byte, contentType string) {
		got := toUTF8(text, contentType)
		if len(got) > maxDecodedBytes && len(text) <= maxBodyBytes {
			t.Errorf("%d bytes of %d", len(got), len(text))
		}
		if utf8.Valid(text) && contentType == "text/plain; charset=utf-8" && string(got) != strings.TrimPrefix(string(text), "\ufeff") {
			t.Errorf("%q: %q", text, got)
		}
	})
}
