// Package term formats output for people: aligned columns, readable units, and colour if the output
// is a terminal and NO_COLOR is not set. The output of --json does not use it.
package term
