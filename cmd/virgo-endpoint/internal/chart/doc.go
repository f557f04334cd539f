// Package chart makes the plots of a host: which points stand in which plot, at which step, where there are gaps, what came
// late, and where thresholds of alarms lie. The API sends them as JSON, the page draws them.
//
// # The data's way
//
// [Reader.Plots] asks the history for the host's series, package figure for the plots that they make, and reads all points in one
// pass ([intake.PlotHistory].EachPoint). Lines of one plot get common times. A counter becomes a rate per second between two
// results; over a gap or a reset there is none. A point for a span of time stands in the span's middle, with the least
// and the greatest value as a band. Values are rounded to what a screen can show, which is what keeps an answer small.
//
// # What can fail, and what a person sees
//
// The history cannot be read: the error is that of package intake. More series or points than the bounds below allow: the plots of
// the first checks are there, and the answer names the checks that were left out. A host without history has no plots.
//
// # Who could abuse it
//
// A host that invents series makes its own plots fewer and no other's. What one answer costs is bounded by MaxSeries, MaxPoints and
// the longest span. Names of checks, metrics and dimensions are a host's texts: they are data in JSON and in templates.
package chart
