// Package term is what a person sees: aligned columns, units that can be read, colour where a terminal
// is and NO_COLOR is not. Nothing here changes a value; --json never passes through it.
package term
