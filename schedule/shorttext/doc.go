// Package shorttext has functions for short texts that several packages need: writing a JSON string,
// truncating, quoting for a shell, removing what is unsafe on a terminal, and suggesting the name that
// was meant by a mistyped one.
//
// Input may come from hostile peers and programs: every function takes time linear in the length of
// its input, or bounds the input.
package shorttext
