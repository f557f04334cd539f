// Package detail has the kinds of the details of checks: what each type of checks can be told in a
// schedule.
//
// A detail is described once, where the type is. From it come the help and the lists of types, the
// search for mistakes in schedules (package schedule and, for programs that have no checks, package
// catalog), and the reading of a command line. Which values a detail may have, its Kind says; what the
// kind allows is what the check itself reads: TestDetailsAgreeWithTheirChecks of cmd/virgo tries both
// with the same values, for every detail of every type.
package detail

// A Kind is what the value of a detail is. The zero value is a text. Numbers, booleans and texts are
// taken for each other where they are written alike ("60" and 60).
type Kind string

// The kinds. On a command line the values of List and Object are JSON.
const (
	Text Kind = ""
	// Integer is a whole number from Min to Max.
	Integer Kind = "integer"
	// Number is a number that may have a fraction, from Min to Max unless both are 0.
	Number Kind = "number"
	// Milliseconds and Seconds are durations: a number of these, or a text with a unit ("1.5s").
	Milliseconds Kind = "milliseconds"
	Seconds      Kind = "seconds"
	// Boolean is true or false; yes, no, on, off, 1 and 0 are read as well.
	Boolean Kind = "boolean"
	// Choice is one of Choices, in upper or lower case.
	Choice Kind = "choice"
	// Regexp is a regular expression of RE2.
	Regexp Kind = "regexp"
	// Path is the name of a file, AbsolutePath one that does not depend on a working directory.
	Path         Kind = "path"
	AbsolutePath Kind = "absolute-path"
	// URL is an address of http or https. PageURL is one, too, or http://unix:/SOCKET:/PATH.
	URL     Kind = "url"
	PageURL Kind = "page-url"
	// Host is a host's name or IP address, HostPort one with or without a port.
	Host     Kind = "host"
	HostPort Kind = "host-port"
	// Port is a TCP port from 1 to 65535.
	Port Kind = "port"
	// List is a list of texts, or a single text.
	List Kind = "list"
	// Object has texts by name.
	Object Kind = "object"
)
