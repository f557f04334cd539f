package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/login"
)

// maxForm bounds the body of a form: a name, a password and a path.
const maxForm = 16 << 10

// A loginForm is what the page of the login shows.
type loginForm struct {
	// Name and Next are what was given before.
	Name, Next string
	// Error is why it did not work; empty at first.
	Error string
	// Code is that of the first person; empty for a login.
	Code string
	// Proxy is true where there are no passwords.
	Proxy bool
}

func loginView() view {
	return view{pattern: "GET /login", public: true, serve: func(s *Site, q *request) error {
		return q.showLogin(http.StatusOK, &loginForm{Next: nextOf(q.URL.Query().Get("next"))})
	}}
}

func (q *request) showLogin(code int, f *loginForm) error {
	f.Proxy = !q.site.Login.Passwords()
	return q.renderCode(code, "login", "Log in", f)
}

func logInView() view {
	return view{pattern: "POST /login", public: true, serve: func(s *Site, q *request) error {
		if err := q.readForm(); err != nil {
			return err
		}
		f := &loginForm{Name: q.PostForm.Get("name"), Next: nextOf(q.PostForm.Get("next"))}
		err := s.Login.Begin(q.w, q.Request, f.Name, q.PostForm.Get("password"))
		return q.afterLogin(err, f)
	}}
}

// afterLogin goes where the person wanted to go, or shows the form again.
func (q *request) afterLogin(err error, f *loginForm) error {
	if err == nil {
		http.Redirect(q.w, q.Request, f.Next, http.StatusSeeOther)
		return nil
	}
	code, ok := loginCode(err)
	if !ok {
		return err
	}
	f.Error = sentence(err)
	return q.showLogin(code, f)
}

// loginCode is the code of an answer to a login that failed. ok is false for an error that is not the fault of the person who logs in.
func loginCode(err error) (code int, ok bool) {
	var many *login.TooManyError
	switch {
	case errors.As(err, &many), errors.Is(err, login.ErrBusy):
		return http.StatusTooManyRequests, true
	case errors.Is(err, login.ErrWrong):
		return http.StatusUnauthorized, true
	case errors.Is(err, login.ErrNoPasswords), errors.Is(err, login.ErrBadCode):
		return http.StatusForbidden, true
	case errors.Is(err, login.ErrBadName), errors.Is(err, login.ErrBadPassword):
		return http.StatusUnprocessableEntity, true
	}
	return 0, false
}

// sentence is an error as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func logOutView() view {
	return view{pattern: "POST /logout", public: true, serve: func(s *Site, q *request) error {
		if err := s.Login.End(q.w, q.Request, false); err != nil {
			return err
		}
		http.Redirect(q.w, q.Request, "/login", http.StatusSeeOther)
		return nil
	}}
}

func codeView() view {
	return view{pattern: "GET /code/{code}", public: true, serve: func(s *Site, q *request) error {
		code := q.PathValue("code")
		if err := s.Login.CheckFirst(q.Context(), code); err != nil {
			return q.badCode(err)
		}
		return q.renderCode(http.StatusOK, "code", "The first password", &loginForm{Code: code, Name: "admin"})
	}}
}

func firstPersonView() view {
	return view{pattern: "POST /code/{code}", public: true, serve: func(s *Site, q *request) error {
		if err := q.readForm(); err != nil {
			return err
		}
		f := &loginForm{Code: q.PathValue("code"), Name: q.PostForm.Get("name"), Next: "/"}
		err := s.Login.BeginFirst(q.w, q.Request, f.Code, f.Name, q.PostForm.Get("password"))
		code, ok := loginCode(err)
		switch {
		case err == nil:
			return q.afterLogin(nil, f)
		case errors.Is(err, login.ErrBadCode):
			return q.badCode(err)
		case !ok:
			return err
		}
		f.Error = sentence(err)
		return q.renderCode(code, "code", "The first password", f)
	}}
}

func (q *request) badCode(err error) error {
	if !errors.Is(err, login.ErrBadCode) {
		return err
	}
	return &answer{http.StatusForbidden, "This link does not work", sentence(err)}
}

// readForm reads the body of a form.
func (q *request) readForm() error {
	q.Body = http.MaxBytesReader(q.w, q.Body, maxForm)
	if err := q.ParseForm(); err != nil {
		return &answer{http.StatusBadRequest, "The form cannot be read", "Go back and send it again."}
	}
	return nil
}

// nextOf returns a path of this site; "/" for what could lead elsewhere.
func nextOf(next string) string {
	at, err := url.Parse(next)
	if err != nil || at.Scheme != "" || at.Host != "" || at.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
