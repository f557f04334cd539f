package service

import (
	"strings"
	"unicode"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// maxMSSQLName is the longest identifier of SQL Server in characters.
const maxMSSQLName = 128

// maxShownBytes is how much of a detail an error message shows.
const maxShownBytes = 64

// readMSSQLName returns a detail that names an instance or a host ("HOST\NAME", "tcp:host,1433",
// "MSSQL$NAME"); "" where it is absent. Error: *[schedule.DetailError].
func readMSSQLName(d schedule.Details, key string) (string, error) {
	name, err := collect.OptionalText(d, key)
	if err != nil {
		return "", err
	}
	valid := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`\_-.$#@,: `, r)
	}
	return validateName(name, key, "a name of an instance", valid)
}

// readMSSQLDatabase returns the detail db. Errors: *[schedule.DetailError], and one where it is
// absent.
func readMSSQLDatabase(d schedule.Details) (string, error) {
	name, err := collect.OptionalText(d, "db")
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", &statusError{text: "Database unspecified"}
	}
	valid := func(r rune) bool { return unicode.IsPrint(r) && r != '\'' && r != '"' }
	return validateName(name, "db", "a name of a database", valid)
}

// validateName returns the name if it is short enough and all its characters are valid.
func validateName(name, key, want string, valid func(rune) bool) (string, error) {
	if len([]rune(name)) > maxMSSQLName || strings.ContainsFunc(name, func(r rune) bool { return !valid(r) }) {
		return "", &schedule.DetailError{Key: key, Value: shorttext.Truncate(name, maxShownBytes), Want: want}
	}
	return name, nil
}
