// Package figure says how the metrics of each check type are shown: which stand in one plot, with title, sentence, unit
// and scale.
//
// # The data's way
//
// [Arrange] gets the series of one check and returns frames: plots without their points. A check type that is in the table
// (host.go, service.go, remote.go) has the plots of its rows, in their order; whatever series no row names is arranged by the
// generic rule (generic.go), so that a plugin's metrics are seen as well. Units are made equal: kilobytes become bytes,
// milliseconds seconds.
//
// # What can fail, and what a person sees
//
// Nothing fails: a series that is not understood becomes a plot of its own. A table row whose metrics an agent does not send
// gives no plot. Tests compare the table's names with CHECKS.md, so that a renamed metric does not lose its plot.
//
// # Who could abuse it
//
// A host names its metrics as it likes. Names are shown as texts, never as markup or expressions; the number of frames is
// bounded by that of the series, lines of one frame by MaxLines.
package figure
