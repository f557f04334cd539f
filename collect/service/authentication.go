package service

// authenticationError returns the status of a server that rejected the user name and the password
// of the details.
func authenticationError(s server, err error) error {
	if s.password == "" {
		return &statusError{missingPassword, err}
	}
	return &statusError{invalidPassword, err}
}

// refusalError returns the server's own message as the status.
func refusalError(s server, message string, err error) error {
	if redact(message) == "" {
		message = "Refused by " + s.address + " without a reason"
	}
	return &statusError{message, err}
}
