// Package figure says how the metrics of each check type are shown: which stand in one plot, with title, sentence, unit
// and scale.
package figure
