// Package live keeps the latest values of all hosts in memory, for the rows of the page, alarms and scrapers.
package live
