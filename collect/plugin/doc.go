// Package plugin runs the host owner's own programs as checks of type agent.plugin and reads what they
// print.
//
// # Which programs
//
// Only what lies in the plugin folder: a name that leads out of it (an absolute path, "..", a symbolic
// link) is refused. On Unix the folder, every folder below it on the way and the file itself must
// belong to root or to the user that the agent runs as, and nobody else may be able to write to them:
// who can change a plugin runs as the agent. The folders above the plugin folder are the owner's
// concern. On Windows the file system's access lists are not looked at.
//
// # How they run
//
// The file is run itself, without a shell, in the plugin folder, with standard input and standard
// error on the null device. A text file that the system cannot run because it has no "#!" line goes to
// /bin/sh, as execvp(3) has it. On Windows .exe runs itself, .bat and .cmd run under cmd.exe, .ps1
// under PowerShell and .py under Python. An argument that cmd.exe would not pass on unchanged is
// refused.
//
// The environment is the one that the owner of the package gave, without what may carry the agent's
// secrets (every VIRGO_ variable, CREDENTIALS_DIRECTORY), and the check as RAX_CHECK_ID,
// RAX_CHECK_PERIOD (seconds), RAX_CHECK_TYPE, RAX_DETAILS_<KEY> and the same beginning with VIRGO_.
//
// # As whom they run
//
// As the agent's user, or where that is root, as the user (and group) that the detail run_as names: with
// that user's numbers and supplementary groups, and HOME, USER and LOGNAME. It is a way to give a plugin
// less, never more: only root can name another user, and who writes "run_as: root" in a schedule
// gets what the plugin had without it. The file must be as well guarded as any. Elsewhere, and on
// Windows, the detail is refused.
//
// # How they end
//
// At its time limit, or when the run is stopped, a plugin gets SIGTERM and a moment to clean up
// ([termGrace]); then it and all that it started is killed:
//
//   - Linux: its process group in one stroke; then, until none is found, its descendants by parentage,
//     those seen before SIGTERM, and every process that has the run's own variable
//     ([runVariable]) in its environment. What called setsid, forked twice or lost its parent is found. What
//     did all of that and emptied its environment before the limit is not, nor what runs under a user
//     that the agent must not signal, nor a chain of processes that fork and die faster than /proc can
//     be read.
//   - Other Unix systems: its process group. What left the group is not found.
//   - Windows: its job, which nothing leaves. There is no SIGTERM there.
//
// A plugin that ends by itself may leave a service behind that it started; what such a process prints
// after [pipeWait] is not waited for. On Windows it lives on as well.
//
// # What they print
//
// At most [MaxOutputBytes] and [collect.MaxMetrics] are looked at. What comes after is read and thrown
// away, and a plugin that does not stop is ended. A format is one file: a [format] reads lines and says
// at the end what they come to.
//
// The detail format names it ([Formats]). Without one it is found by the first line that is neither empty
// nor a comment, and is the first of:
//
//  1. virgo: the first word is status, state, metric or timestamp.
//  2. prometheus: a comment "# HELP", "# TYPE" or "# UNIT", or a sample "name{label="value"} 1".
//  3. json: "{", or "[" with nothing, "{" or "]" behind it.
//  4. checkmk: 0, 1, 2, 3 or P, a name, and "-" or metric=value.
//  5. influx: "measurement,tag=value field=1".
//  6. nagios: performance data after "|"; or one of the words OK, WARNING, WARN, CRITICAL, CRIT and
//     UNKNOWN in capitals, or "ok" before a hyphen or colon; or any other text with exit code 2 or 3. Where only
//     a word or the exit code says so, a later line of the format virgo overrules it.
//  7. virgo again, whose answer is that the line is not recognized.
//
// A sample or point that is called OK or by another word of 6 is Nagios's text. What is printed without
// performance data or such a word, by a plugin for Nagios that exits with 0 or 1, is taken for a fault of the
// existing agent's format: name the format there.
//
// virgo is the existing agent's format, and with "status ok|warn|err TEXT" Cloudkick's. In it, in
// prometheus, influx and json an exit code other than 0 makes the result unavailable. In all formats but
// nagios so does the first line that cannot be read, which the status names: half of the figures would look like
// all of them. A [Trial] tells every fault with its line.
//
// nagios: the status is the first line's text. Exit code 0, 1, 2 or 3 is the judgement, told by the string
// metric plugin_state: ok, warning, critical or unknown. The metrics are kept whichever it is, so the
// result is available; one that is critical or unknown and measured nothing is unavailable instead. So
// something is wrong where the check is unavailable or its plugin_state is not ok. Any other exit code, 126
// and 127 of a shell among them, and a signal mean that the plugin itself failed: unavailable, no metrics.
// Long text is passed over; performance data is read from the first line and from the first "|" of the long
// text on. An item that cannot be read is left out, and so is the value U; thresholds and limits are
// checked and not sent.
//
// Values come in base units: ns, us and ms as seconds, KB to EB (in any letters, with or without i) as
// bytes at 1024, as Debian's plugins count them, % as percent; other units stay. A counter (c) is a gauge,
// every other figure a double, also where it is whole: its type does not depend on its value. A decimal comma
// is a point.
//
// checkmk: each line is a service, which is the dimension of its metrics and of its plugin_state. P is
// computed from the levels as Checkmk does. The status is the only service's name and text, or says how many
// are not ok and names the worst. The exit code means nothing, as to Checkmk's agent; the rule of
// nagios for what measured nothing holds for all services together.
//
// prometheus: the labels, sorted, "label=value,label=value", are the dimension. Counters, and the parts of
// histograms and summaries, are gauges, the rest doubles; a name that ends with _seconds or _bytes (before
// _total and _sum) has that unit. NaN and infinities are left out. influx: the dimension is
// "measurement,tag=value", the tags sorted; types are the fields'. A time of a sample or point is not used, since
// a result has one time.
//
// json: an object, several, or a list of them. Names within are joined with dots, and the last dot ends the
// dimension as in virgo; the text "dimension" goes before it. The texts "status" and "state" (available,
// unavailable) are what they are in virgo; of all other texts, numbers (double) and truth values a metric
// is made, of null none.
package plugin
