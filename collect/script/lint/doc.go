// Package lint reads a script without running it and says what is wrong with it, for `virgo script
// check` and for `virgo bundle build`.
//
// The data's way: the text, the parser of gopher-lua, a syntax tree that is walked once with the
// names that are visible at each place. What functions exist, how many arguments they take and what
// they use is what package api documents, so that both cannot differ.
//
// It finds mistakes of syntax, names and functions that do not exist, wrong numbers of arguments,
// files, programs and addresses in constant texts that the script does not declare, details that
// are not declared or whose kind or default is wrong, and types of metrics that do not exist. What
// a script computes is not known here: it is decided when the script runs, by the guard.
//
// What can fail: nothing, a text that cannot be parsed is a finding. Who could abuse it: whoever
// wrote the text; it is compiled before, which bounds its size and depth (script.CheckSyntax), and
// the walk visits each node once.
package lint
