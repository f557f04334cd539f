// Package report says what a store holds in the forms that people and programs read. The commands and the
// HTTP API use it, so both say the same under the same names.
//
// [Agents] and [FindAgent] judge what is known of agents ([intake.Agent]): see [Health]. [LatestResults] finds the
// latest result of each check. [Result] is a result as JSON, [CSV] and [Influx] write results in other
// forms, one after another as they are read: nothing here holds more than one result or one
// agent's checks in memory, apart from the list of agents itself.
//
// What can fail: the store can be damaged or busy, and that error is returned as it is; a result whose
// metrics cannot be read is written without them. Texts come from agents. In JSON, CSV and line protocol they
// are escaped as these forms demand; whoever prints them on a terminal sanitizes them.
//
// Who could abuse it: an agent can call its checks what it likes. It cannot begin a line or a column of
// CSV or of the line protocol, nor make a spreadsheet compute.
package report
