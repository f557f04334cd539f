package web

import "net/http"

// policy forbids a page to load, run, ask or be shown in anything that is not this site's.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers of every answer; an asset says later that it may be kept.
func secure(h http.Header, encrypted bool) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin") // links to other sites say nothing
	h.Set("X-Content-Type-Options", "nosniff")
	if encrypted {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
