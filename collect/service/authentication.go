package service

// unauthenticated says that a database let nobody in with the user name and the password of the details.
func unauthenticated(s server, err error) error {
	if s.password == "" {
		return &faultError{"Could not authenticate. Missing password?", err}
	}
	return &faultError{"Could not authenticate. Invalid password.", err}
}
