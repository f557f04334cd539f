// Package sourcetest builds hosts for tests: trees of a few files, captured systems, and programs
// that print what the test says.
package sourcetest
