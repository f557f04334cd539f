// Package history keeps the metrics of results as columns, and as minima, maxima and means of five
// minutes, an hour and a day, in one SQLite file: history.db. It knows agents by the store's number and
// not by name.
//
// # The way of a value
//
//  1. A result arrives and is durable in a segment. From then on [History.Points] reads it from there, through
//     [Arrivals].
//  2. When an hour is over, [History.Advance] reads what arrived up to a number of results, ordered by agent. The
//     metrics of each agent become columns, one chunk for each hour of *result* time
//     (intake.Result.PlaceInTime). Results that come late are merged into the chunk of their hour.
//  3. In the same transaction the roll-ups of those hours and days are computed again, and the mark moves on: up to
//     which result and which agent everything is in columns. A kill repeats what is behind the mark; so
//     nothing is lost, and nothing is there twice.
//  4. [History.Expire] deletes columns and roll-ups by their own time: columns as the results, five minutes after 90
//     days, hours after two years, days never.
//
// The mark is a number of a result ([intake.Result.Seq]), not a time: no clock that jumps, no import by
// another process and no slow commit can make it pass over a result.
//
// # The file
//
// journal_mode=WAL, mode 0600, application_id "vhis", user_version 1. synchronous=NORMAL: a power failure may undo the last
// transactions, and they are done again, since the mark is part of them. Segments must not be deleted before
// they are in columns ([History.Closed]).
//
//	settings  one row: the mark (closed; closing and after for an Advance that is under way), and
//	          before which day columns, minutes and hours are deleted (column_floor, …)
//	columns   key, data: a chunk.                  key = hour<<40 | agent<<8 | n, n = 0, 1, 2 …
//	minutes   key, data: roll-ups of five minutes. key = hour<<40 | agent<<8
//	hours     key, data: roll-ups of hours.        key = day<<40 | agent<<8
//	days      key, data: roll-ups of days.         key = 32 days<<40 | agent<<8
//	series    agent, data: the dictionary of an agent: number, check, type, dimension, metric,
//	          type, unit, first and last day of each series
//
// hour and day count from 1970 in UTC. Time comes first in a key, so that closing an hour appends at the end of
// the tables and deletion frees whole pages. An hour has a second chunk only where one would be too large, or the first
// is damaged. The rows of all tables begin with a CRC-32C of the key and the rest.
// Their content is a zstd frame.
//
// # A chunk
//
// The checks of the agent, each with the times of its results (ms; varint of the difference of differences), which of
// them came late, which have no metrics, and the period; then the columns of its metrics, each with its number in the dictionary:
//
//	constant   the value
//	whole      varints of the values, of their differences or of the differences of those, whichever is shortest,
//	           divided by their greatest common divisor; in 64 bits without loss
//	decimal    the same of the values times 10^n, if that gives each float64 back exactly
//	float      the 64 bits, XOR the value before, transposed by bytes
//	mixed      each value as it is: what no other form has exactly
//	texts      runs: how many results, text of at most intake.MaxTextBytes
//
// A column may have fewer values than its check has results; then it says which. The same code encodes and verifies:
// a form is used only if it decodes to what was there.
//
// # Roll-ups
//
// For each span and series: minimum and maximum, exact, the number of values, and the mean as the position
// between minimum and maximum in 16 bits; for each check, the number of its results. Those of five minutes and of an hour are computed from the columns of the hour,
// those of a day from its hours, and replace what was there. Where the columns are deleted already or damaged they
// cannot be computed again: there the new values are merged with the roll-up, once, since the mark moves in the same
// transaction. Texts have no roll-ups.
//
// # What can fail
//
// The disk is full or damaged: Advance returns an error, its transaction is undone, and it is tried again later;
// results go on arriving, and points are read from the segments. A row whose checksum is wrong is never
// read as something else: reading counts it and goes on without it, Advance leaves columns and computes roll-ups anew from what there is.
// history.db can be deleted: then it is made again from the segments that there are, and what is older is lost.
//
// # Who could abuse it
//
// Series are made from agents' texts. An agent has at most [MaxSeries] of them; for a new one the series that was
// not seen for longest is forgotten, and [MaxSeriesPerHour] bounds those of one hour of results: further ones are counted and
// left out. So a host that makes up names harms its own history alone, and costs as much as its results do:
// a chunk is never larger than what it was made of. Names are bounded by [MaxNameBytes], texts by
// intake.MaxTextBytes. Memory is bounded: after a million values of an agent they are written. Numbers in a
// chunk are verified before anything is allocated.
package history
