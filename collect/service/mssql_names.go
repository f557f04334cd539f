package service

import (
	"strings"
	"unicode"

	"virgo/collect"
	"virgo/schedule"
)

// maxMSSQLName is the longest identifier of SQL Server's, in characters.
const maxMSSQLName = 128

// mssqlName is the detail that names an instance or a host ("HOST\NAME", "tcp:host,1433", "MSSQL$NAME"); "" where it
// is absent. Error: *[schedule.DetailError].
func mssqlName(d schedule.Details, key string) (string, error) {
	name, err := collect.OptionalText(d, key)
	if err != nil {
		return "", err
	}
	legal := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`\_-.$#@,: `, r)
	}
	return legalName(name, key, "a name of an instance", legal)
}

// mssqlDatabase is the detail that names a database. Errors: that there is none, *[schedule.DetailError].
func mssqlDatabase(d schedule.Details) (string, error) {
	name, err := collect.OptionalText(d, "db")
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", &faultError{text: "Database unspecified"}
	}
	return legalName(name, "db", "a name of a database", func(r rune) bool { return unicode.IsPrint(r) && r != '\'' && r != '"' })
}

func legalName(name, key, want string, legal func(rune) bool) (string, error) {
	if len([]rune(name)) > maxMSSQLName || strings.ContainsFunc(name, func(r rune) bool { return !legal(r) }) {
		return "", &schedule.DetailError{Key: key, Value: name[:min(len(name), 64)], Want: want}
	}
	return name, nil
}
