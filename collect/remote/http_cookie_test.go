package remote

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"virgo/schedule"
)

// TestHTTPCookies: a page that redirects until it sees its cookie is reached; the cookies go to no
// other server, and not into the next check.
func TestHTTPCookies(t *testing.T) {
	var elsewhere string
	other := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "cookies here: %q", r.Header.Get("Cookie"))
	})
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("session")
		switch r.URL.Path {
		case "/page":
			if err != nil {
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			fmt.Fprintf(w, "welcome back, cookies %q", r.Header.Get("Cookie"))
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "one", Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "elsewhere", Value: "two", Path: "/else"})
			http.SetCookie(w, &http.Cookie{Name: "gone", Value: "three", Path: "/", MaxAge: -1})
			http.Redirect(w, r, "/page", http.StatusFound)
		case "/leave":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "one", Path: "/"})
			// By its other name, since a cookie does not depend on the port.
			http.Redirect(w, r, elsewhere, http.StatusFound)
		case "/401":
			if err != nil || r.Header.Get("Authorization") == "" {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "one"})
				w.Header().Set("WWW-Authenticate", "Basic realm=x")
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, "logged in")
		}
	})
	elsewhere = strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/"
	for range 2 { // the second check begins without a cookie, too
		r := runType(t, "remote.http", schedule.Details{"url": s.URL + "/page", "body": "welcome.*"})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"code": "200", "body_match": `welcome back, cookies "session=one"`})
	}
	r := runType(t, "remote.http", schedule.Details{"url": s.URL + "/page", "body": "welcome.*", "headers": map[string]any{"Cookie": "own=1"}})
	wantMetrics(t, r, map[string]string{"code": "200", "body_match": `welcome back, cookies "own=1; session=one"`})
	r = runType(t, "remote.http", schedule.Details{"url": s.URL + "/leave", "body": "cookies here.*"})
	wantMetrics(t, r, map[string]string{"code": "200", "body_match": `cookies here: ""`})
	r = runType(t, "remote.http", schedule.Details{"url": s.URL + "/401", "auth_user": "u", "auth_password": "p", "body": ".*"})
	wantMetrics(t, r, map[string]string{"code": "200", "body_match": "logged in"})
}
