// Package plugin runs the host owner's own programs as checks of type agent.plugin and parses their
// output.
//
// # Which programs
//
// Only files in the plugin folder: a name that leads out of it (an absolute path, "..", a symbolic
// link) is refused. Whoever can change a plugin can run programs as the agent, so the folder and the
// file are held to package ownership, with all folders above them.
//
// # How they run
//
// The file is executed directly, without a shell, in the plugin folder, with standard input on the
// null device. Of its standard error the last line is told where it fails with no status of its own,
// without what looks like a secret. As in execvp(3), a text file without a "#!" line is run by
// /bin/sh. On Windows .exe files run directly, .bat and .cmd files under cmd.exe, .ps1 files under
// PowerShell and .py files under Python. Arguments that cmd.exe would not pass on unchanged are
// refused.
//
// On Unix a plugin has a session of its own, and so no terminal: as another user it could put characters
// into the input of root's. On Linux a program of this machine is started by the descriptor of the file
// that was checked; scripts by their path (startPath says why).
//
// The environment has the variables of a few names in [Options].Environ, then the owner's own in
// [Options].Variables, and the check in RAX_CHECK_ID, RAX_CHECK_PERIOD (seconds), RAX_CHECK_TYPE and
// RAX_DETAILS_<KEY>, and in the same variables with the prefix VIRGO_.
//
// # As which user
//
// As the agent's user or, if the agent runs as root, as the user (and group) in the detail run_as.
// The plugin then has that user's id and supplementary groups; HOME, USER and LOGNAME are set, SHELL and
// TMPDIR of the agent's user are not.
// run_as can only lower privileges: "run_as: root" changes nothing, and if the agent is not root, or
// on Windows, the detail is refused. The requirements on the file's owner stay the same.
//
// # How they end
//
// When its time limit is reached or the run is cancelled, a plugin gets SIGTERM and [termGrace] to
// clean up. Then it and all processes that it started are killed:
//
//   - Linux: its process group at once. Then, repeated until none is found: its descendants, the
//     descendants that were found before SIGTERM, and every process that has [runVariable] of this run
//     in its environment. This includes processes that called setsid(2), forked twice or lost their
//     parent. Three are missed: a process that did all of that and cleared its environment before the
//     time limit; a process of a user that the agent may not signal; and a chain of processes that
//     forks and exits faster than /proc can be read.
//   - Other Unix systems: its process group. Processes that left the group are not found.
//   - Windows: its job object, which no process can leave. There is no SIGTERM.
//
// A plugin that exits by itself may leave processes running, such as a service that it started. Their
// output is read for at most [pipeWait] after the plugin's exit.
//
// # Output
//
// At most [MaxOutputBytes] and [collect.MaxMetrics] are parsed. Further output is read and
// discarded, and a plugin that does not stop printing is ended. Each format is a file of this
// package: a [format] is passed the lines, and then returns the report.
//
// Of all plugins of a run, few at a time may have more than [smallOutputBytes] of output in memory,
// until their results are passed on (largeOutputs); the others wait in their write(2), within their own
// time limits. Where such a limit ends the plugin, the status says how long it waited.
//
// Output is UTF-8, or UTF-16 as some programs of Windows print it, with a byte order mark or without
// one. Sequences that control a terminal (colours, titles) are removed; no other control character
// reaches a status or a metric.
//
// # How the format is chosen
//
// The detail format names the format ([Formats]). Without it, the first line that is neither empty
// nor a comment decides. The first rule that matches applies:
//
//  1. virgo: the first word is status, state, metric or timestamp.
//  2. prometheus: a comment "# HELP", "# TYPE" or "# UNIT", or a sample "name{label="value"} 1".
//  3. json: "{", or "[" followed by nothing, "{" or "]".
//  4. checkmk: 0, 1, 2, 3 or P, a name, and "-" or metric=value.
//  5. influx: "measurement,tag=value field=1".
//  6. nagios, with certainty: performance data after "|".
//  7. nagios, unless a later line is of the format virgo: one of the words OK, WARNING, WARN,
//     CRITICAL, CRIT and UNKNOWN in capitals, or "ok" in any case before a hyphen or colon; or any
//     other text if the exit code is 2 or 3.
//  8. virgo, which then reports the line as unrecognized.
//
// A line that could be a sample or a point, but whose name is one of the words in rule 7, is nagios.
// Set the detail format for a Nagios plugin that prints neither performance data nor such a word:
// when it exits with 0 or 1, its output is mistaken for faulty output in the format virgo.
//
// # Errors
//
// Each format is as strict as the project that it is from. A [Trial] reports every fault with its
// line number.
//
//	virgo, prometheus  a line that cannot be parsed makes the result unavailable, because a result
//	                   with half of the metrics would look complete; the status describes the first
//	influx, checkmk    such a line is left out, and the status describes the first one
//	json               the same for a value that cannot be a metric; the text has to be JSON
//	nagios             performance data that cannot be parsed is left out
//
// If nothing at all can be read, the result is unavailable.
//
// Of two values for one metric the first stands, in every format, and the status says so. Series that
// differ have different dimensions: see the formats.
//
// A plugin that was ended by a signal has an unavailable result. An exit code other than 0 means:
//
//	virgo, prometheus, influx, json  the result is unavailable
//	nagios                           the code is the state
//	checkmk                          nothing if a service was printed, as for Checkmk's agent
//
// # Format virgo
//
// The original agent's format and, with "status ok|warn|err TEXT", that of Cloudkick.
//
// # Format nagios
//
// The status is the text of the first line. The exit code 0, 1, 2 or 3 is the state: the string metric
// plugin_state is ok, warning, critical or unknown. The result is available and has the metrics in
// every state, except that a critical or unknown state without any metrics is unavailable. So an alarm
// must test both: that the check is available, and that plugin_state is ok. After any other exit code
// (including 126 and 127 of a shell) or a signal, the plugin itself has failed: the result is
// unavailable, without metrics.
//
// Performance data is read from the first line, and from the first "|" of the long text on; the rest
// of the long text is ignored. Invalid items and items with the value U are left out. Thresholds and
// limits are validated, but not sent.
//
// As in Icinga, a label without quotation marks ends at its "=" and may contain blanks, and after
// "a::b::label" (check_multi) the following labels have the prefix "a::b::" too. Items may also be
// separated by commas or semicolons, and blanks may be around the "=".
//
// # Format checkmk
//
// Each line is a service. Its name is the dimension of its metrics and of its plugin_state. State P is
// computed from the levels, as in Checkmk. The status is the name and text of the only service; for
// several services, it is how many are not ok, with the worst of them. The result is unavailable if
// every service is critical or unknown and none has metrics.
//
// As in Checkmk, a state other than 0 to 3 and P, or an item without "=", makes the service unknown, and an
// empty value is 0. Other text that is not a number is left out, as are NaN and infinities.
//
// # Values in nagios and checkmk
//
// Values are converted to base units:
//
//	ns, us, ms    seconds
//	KB to EB      bytes, by factors of 1024 as in Debian's plugins; in any case, with or without i
//	%             percent
//	other units   unchanged
//
// A counter (unit c) is a gauge. Every other number is a double, even a whole one, so that the type
// does not depend on the value. A decimal comma is accepted.
//
// # Format prometheus
//
// The dimension is the labels, sorted: "label=value,label=value". A comma in a label, and a "=" in its
// name, have a backslash before them. Counters, and the parts of
// histograms and summaries, are gauges; all other samples are doubles. A name that ends with _seconds
// or _bytes (before _total and _sum) has that unit. NaN and infinities are left out. Timestamps are
// ignored, because a result has a single time.
//
// # Format influx
//
// The dimension is "measurement,tag=value", with the tags sorted, escaped as in prometheus. The types are those of the fields.
// Timestamps are ignored.
//
// # Format json
//
// An object, several in sequence, or a list of objects. Names of nested objects are joined with dots,
// and the last dot ends the dimension, as in virgo. Where two paths become one name, {"a.b":1,
// "a":{"b":2}}, dots within keys are written as "\." in their names, and the status says so. The string "dimension" is put before that
// dimension. The strings "status" and "state" (available, unavailable) have the same meaning as in
// virgo. All other strings, numbers (double) and booleans are metrics; null is ignored.
package plugin
