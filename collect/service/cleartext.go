package service

import (
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// allowCleartextDetail describes the detail that readAllowCleartext reads.
func allowCleartextDetail() collect.Detail {
	return collect.Detail{
		Name: "allow_cleartext", Role: schedule.Owner, Kind: detail.Boolean, Default: "false",
		Summary: "true: without TLS, send the password also in a form that a listener could use",
	}
}

func (s *server) readAllowCleartext(d schedule.Details) (err error) {
	s.allowCleartext, err = d.Bool("allow_cleartext", false)
	return err
}

// isOverheard reports whether the password must not be sent in a form that a listener, or a false server,
// could use. On loopback, too: whoever is logged in to this host can take a port whose server is down.
func (s server) isOverheard() bool {
	return s.password != "" && s.network != "unix" && s.tls == nil && !s.allowCleartext
}

// notSent begins the status of a password that was withheld.
const notSent = "The password was not sent: "

// passwordWithheld returns the status of a server that asked for the password in such a form.
func passwordWithheld(s server, err error) error {
	return &statusError{notSent + s.address + " wants it in a form that a listener could use. " +
		"Use socket, tls, or allow_cleartext in a check of this host's own", err}
}
