package service

// unauthenticated says that a database let nobody in with the user name and the password of the details.
func unauthenticated(s server, err error) error {
	if s.password == "" {
		return &faultError{missingPassword, err}
	}
	return &faultError{invalidPassword, err}
}
