package api

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// addSeeds adds texts that each parser reads.
func addSeeds(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5,null,true],"b":{"c":"\u00e4"}}`, "a,b\n1,\"x\ny\"\n", `<?xml version="1.0" encoding="latin1"?><a k="v">t<b/></a>`,
		"A B\n1 2 3\n", "1.5 GiB", "-2e3kB/s", "3d 4h", "2-03:04:05", "Nov 14 22:13:20 2023 UTC",
	} {
		f.Add(s)
	}
}

// What JSON is decoded to is encoded, and decoded to the same again.
func FuzzJSON(f *testing.F) {
	addSeeds(f)
	l := newState(f)
	null := newNull()
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decodeJSON(l, text, null)
		if err != nil {
			return
		}
		e := jsonEncoder{null: null, max: 1 << 20}
		if err := e.value(v, 0); err != nil {
			t.Fatal(err)
		}
		again, err := decodeJSON(l, e.out.String(), null)
		if err != nil {
			t.Fatalf("%q: %v", e.out.String(), err)
		}
		if show(v, 0) != show(again, 0) {
			t.Errorf("%q became %q", text, e.out.String())
		}
	})
}

func FuzzCSV(f *testing.F) {
	addSeeds(f)
	l := newState(f)
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := decodeCSV(l, text, ',', false)
		named, err2 := decodeCSV(l, text, ',', true)
		if err == nil && err2 == nil && named.Len() > 0 && named.Len() != plain.Len()-1 {
			t.Errorf("%d rows, %d under the header", plain.Len(), named.Len())
		}
	})
}

func FuzzXML(f *testing.F) {
	addSeeds(f)
	l := newState(f)
	f.Fuzz(func(t *testing.T, text string) {
		if root, err := decodeXML(l, text); err == nil && root.RawGetString("name").Type() != lua.LTString {
			t.Error("an element without a name")
		}
	})
}

func FuzzText(f *testing.F) {
	addSeeds(f)
	l := newState(f)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := rowsUnderHeader(l, text); err != nil && len(text) < maxValues/2 {
			t.Error(err)
		}
		numberWithUnit(text)
		if s, err := parseDuration(text); err == nil && (s != s || s-s != 0) {
			t.Errorf("%q is %v seconds", text, s)
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add("2023-11-14 22:13:20 CET", "%F %T %Z")
	f.Add("Tue Nov 4 09:00:00 PM 2025 -01:30", "%a %b %e %I:%M:%S %p %Y %z")
	f.Add("1700000000.5", "unix")
	f.Fuzz(func(t *testing.T, text, layout string) {
		pieces, err := layoutOf(layout)
		if err != nil {
			return
		}
		formatTime(1_700_000_000.25, pieces, time.UTC)
		seconds, err := parseTime(text, pieces, time.UTC)
		if err == nil && (seconds != seconds || pieces[1] != unixLayout && math.Abs(seconds) > 1e12) {
			t.Errorf("%q is %v by %q", text, seconds, layout)
		}
	})
}

// Wherever an answer sends a request to, what the script said of one host goes to no other.
func FuzzRedirect(f *testing.F) {
	for _, location := range []string{"/x", "//b.example/", "https://a.example/", "http://u:p@a.example:80/", "http://a.example@b.example/", "http://unix:/s:/x", "\\\\b.example\\", "?q"} {
		f.Add(302, location)
		f.Add(307, location)
	}
	first, _, err := parseURL("http://a.example/one")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, location string) {
		r := &request{method: "GET", url: first, header: http.Header{"X-Token": {"geheim"}}, user: "u", password: "geheim"}
		next, ok, err := r.redirected(status, location)
		if !ok || err != nil {
			return
		}
		out, err := next.build(t.Context())
		if err != nil {
			return
		}
		_, _, secret := out.BasicAuth()
		if !strings.EqualFold(out.URL.Host, "a.example") && (secret || out.Header.Get("X-Token") != "") || next.socket != "" || out.URL.User != nil {
			t.Errorf("%q: %s with %v", location, out.URL, out.Header)
		}
	})
}

func newState(f *testing.F) *lua.LState {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	f.Cleanup(l.Close)
	return l
}
