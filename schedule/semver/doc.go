// Package semver parses and compares semantic versions, as
// https://semver.org/spec/v2.0.0.html has them.
//
// What can fail: a text that is no version. Versions come from files of others, so their length is
// bounded.
package semver
