// Package lint checks a script without running it: syntax, unknown globals and functions, counts of arguments,
// capabilities that are used and not declared, kinds of details.
//
// The data's way: the text of a script and of its libraries, the parser of the Lua library, findings with file and
// line. Nothing fails: what cannot be parsed is a finding. Who could abuse it: the text is from anybody; its size
// and its nesting are bounded before the parser has it.
package lint
