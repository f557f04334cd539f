package login

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

const (
	// sessionNoted is how long a use of a session is not noted again.
	sessionNoted = time.Hour
	// secretBytes are the random bytes of a session.
	secretBytes = 32
)

// The names of the cookie. A browser takes one with the prefix only by https, for this host and all its paths, from no
// other host; the name without it is for plain http on loopback.
const (
	secureCookie = "__Host-virgo"
	plainCookie  = "virgo"
)

func (l *Login) cookieName() string {
	if l.Secure {
		return secureCookie
	}
	return plainCookie
}

// cookie returns the SHA-256 of a request's cookie. Two cookies are none: one of them was planted.
func (l *Login) cookie(r *http.Request) (hash [32]byte, ok bool) {
	list := r.CookiesNamed(l.cookieName())
	if len(list) != 1 {
		return hash, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(list[0].Value)
	if err != nil || len(secret) != secretBytes {
		return hash, false
	}
	return sha256.Sum256(secret), true
}

// session returns the session of a request and its person. Error: watch.ErrNoSession.
func (l *Login) session(r *http.Request) (watch.Session, watch.Person, error) {
	hash, ok := l.cookie(r)
	if !ok {
		return watch.Session{}, watch.Person{}, watch.ErrNoSession
	}
	s, p, err := l.People.Session(r.Context(), hash)
	if err != nil {
		return watch.Session{}, watch.Person{}, err
	}
	now := l.Now()
	if now.Sub(s.Created) >= watch.SessionLife || now.Sub(s.Used) >= watch.SessionIdle {
		if err := l.People.End(r.Context(), hash, false); err != nil {
			return watch.Session{}, watch.Person{}, err
		}
		return watch.Session{}, watch.Person{}, watch.ErrNoSession
	}
	if now.Sub(s.Used) >= sessionNoted {
		if err := l.People.Touch(r.Context(), hash, now); err != nil {
			return watch.Session{}, watch.Person{}, err
		}
	}
	return s, p, nil
}

// begin begins a session of a person, and ends the one that the browser had.
func (l *Login) begin(w http.ResponseWriter, r *http.Request, name string) error {
	if before, ok := l.cookie(r); ok {
		if err := l.People.End(r.Context(), before, false); err != nil {
			return err
		}
	}
	secret := make([]byte, secretBytes)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("making a session: %w", err)
	}
	now := l.Now()
	s := watch.Session{Hash: sha256.Sum256(secret), Person: name, Created: now, Used: now, Remote: l.clientOf(r).String()}
	if err := l.People.Begin(r.Context(), s); err != nil {
		return err
	}
	l.setCookie(w, base64.RawURLEncoding.EncodeToString(secret), int(watch.SessionLife/time.Second))
	return nil
}

func (l *Login) removeCookie(w http.ResponseWriter) { l.setCookie(w, "", -1) }

// setCookie sets the cookie. SameSite is Lax: a link in a mail leads to the page, and only reads.
func (l *Login) setCookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: l.cookieName(), Value: value, Path: "/", MaxAge: age, Secure: l.Secure,
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
