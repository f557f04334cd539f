package web

import (
	"errors"
	"net/http"

	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// An account is what the page of one's own account shows.
type account struct {
	Name string
	// Rights say what the person may do.
	Rights string
	// Error is why the password was not changed; empty at first.
	Error string
	// Done is true once it was.
	Done bool
}

func accountView() view {
	return view{pattern: "GET /account", serve: func(s *Site, q *request) error {
		return q.showAccount(http.StatusOK, &account{Done: q.URL.Query().Has("done")})
	}}
}

func (q *request) showAccount(code int, a *account) error {
	if !q.site.Login.Passwords() {
		return notFound("A proxy in front of this page logs people in: it has their passwords.")
	}
	a.Name, a.Rights = q.actor.Name, "You may see everything here, and change nothing."
	switch {
	case q.may(watch.PeopleScope):
		a.Rights = "You may do everything here."
	case q.may(watch.SilencesScope):
		a.Rights = "You may see everything here, acknowledge alarms and make silences."
	}
	return q.renderCode(code, "account", "Your account", a)
}

// passwordView changes one's own password. Who found a browser that is logged in does not know the present one.
func passwordView() view {
	return view{pattern: "POST /account", serve: func(s *Site, q *request) error {
		if err := q.readForm(); err != nil {
			return err
		}
		err := s.Login.ChangePassword(q.w, q.Request, q.PostForm.Get("present"), q.PostForm.Get("password"))
		code, ok := loginCode(err)
		switch {
		case err == nil:
			http.Redirect(q.w, q.Request, "/account?done", http.StatusSeeOther)
			return nil
		case !ok:
			return err
		}
		a := &account{Error: sentence(err)}
		if errors.Is(err, login.ErrWrong) {
			a.Error = "That is not your present password."
		}
		return q.showAccount(code, a)
	}}
}

// logOutEverywhereView ends all sessions of the person.
func logOutEverywhereView() view {
	return view{pattern: "POST /account/logout", serve: func(s *Site, q *request) error {
		if err := s.Login.End(q.w, q.Request, true); err != nil {
			return err
		}
		http.Redirect(q.w, q.Request, "/login", http.StatusSeeOther)
		return nil
	}}
}
