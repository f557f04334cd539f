// Package redact removes secrets from texts that may contain anything: command lines, configuration
// values, URLs, the output of programs. [Text] describes how a secret is recognised.
//
// Four tables define what a secret is: the shapes of tokens, hashes and keys (shapes.go); the
// words in names whose values are secrets (names.go); the programs that take a password as a plain
// argument (programs.go); and the values that are not secret (harmless in names.go). A test has a
// sample for each row that only this row recognises, so that no row can be lost unnoticed.
//
// A secret without any such mark (radtest bob secret) is not recognised and stays in the text.
package redact
