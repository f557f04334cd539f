// Package live keeps the latest values of all hosts in memory, for the rows of the page, alarms and scrapers.
//
// # Way
//
// [Table.Run] reads who the hosts are and the latest result of each check, once, and then who they are again every
// [refreshEvery] (a rename, a tag and a hello are no results). From then on the table is a follower of package feed. Results
// that came late change a value only where intake's CheckState.Replaces says so. Whoever shows rows gets told by
// [Table.Subscribe] which hosts may differ; package alarm says by [Table.Touch] where alarms changed, and is asked for them
// through [Alarms].
//
// # What can fail
//
// The store cannot be read: the rows stay as they are, and Run tries again. A result that cannot be read leaves its check's
// row without figures until the next. Before Run has read everything, figures are unknown and not zero.
//
// # What the user sees
//
// A row for each host ([Row]): who it is, its alarms, how long it has been silent and whether results may be waiting there,
// and its figures ([Figures]). A figure that is not known is "–".
//
// # Who could abuse it
//
// A host can send any names. [MaxSeriesOfHost] bounds what is kept of it, intake.MaxChecks the checks; what is beyond is
// counted and left out. Names are kept once for the whole fleet, a value takes 16 bytes.
package live
