// Package names says what metrics are called elsewhere: a metric of ours has its name, its unit and its dimension as the check
// sends them; other systems have conventions for all three.
//
// # Way
//
// Most names follow from rules: the check type and the metric, with the unit as it is usual there. A table has what the rules
// would name badly. Units are converted (percent to a ratio, kilobytes to bytes, milliseconds to seconds), and counters are
// marked as such (package figure knows which they are).
//
// # What can fail
//
// Nothing: a metric that nobody knows gets a name by the rules. Two metrics can get the same name ("a-b" and "a_b"): whoever
// writes series sends one of them.
//
// # What the user sees
//
// Names as other exporters have them, so that usual dashboards and rules need few changes.
//
// # Who could abuse it
//
// Names and dimensions come from hosts: a name has only letters, digits and underscores in it, and is bounded by
// [MaxNameBytes]; a dimension is the value of a label, which is escaped by whoever writes it.
package names
