package service

// unauthenticated says that a database let nobody in with the user name and the password of the details.
func unauthenticated(s server, err error) error {
	if s.password == "" {
		return &faultError{missingPassword, err}
	}
	return &faultError{invalidPassword, err}
}

// turnedDown says in a database's own words why it did not do what it was asked.
func turnedDown(s server, words string, err error) error {
	if hide(words) == "" {
		words = "Refused by " + s.address + " without a reason"
	}
	return &faultError{words, err}
}
