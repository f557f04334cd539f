package main

import (
	"fmt"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/term"
	"virgo/collect/plugin"
)

// A topic is a text of `virgo help` that is not about one command.
type topic struct {
	name, summary string
	print         func(a *app) error
}

// topics are made from what the program itself uses: registry, exit codes, settings, formats.
func topics() []topic {
	return []topic{
		{"alarms", "how alarms of checks are written, with examples", printAlarmHelp},
		{"checks", "the check types with their details", func(a *app) error { return (&checkCmd{List: true, Timeout: time.Minute}).run(a) }},
		{"exit-codes", "what the exit codes mean", func(a *app) error {
			_, err := fmt.Fprint(a.Out, agent.ExitCodes)
			return err
		}},
		{"formats", "the formats of plugins", printFormats},
		{"lua", "how checks in Lua are written and tested, and the functions that they call", printLuaHelp},
		{"policy", "rules for what the endpoint may make this host do, with examples", printPolicyHelp},
		{"settings", "the keys of virgo.yaml, and the variables that override it", printSettings},
	}
}

// topicNames returns "checks, exit-codes, …".
func topicNames() string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

func printFormats(a *app) error {
	var t term.Table
	for _, name := range plugin.Formats() {
		t.Cells(term.Cell{Text: name, Color: term.Head}, term.Cell{Text: formatSummaries()[name]})
	}
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.Out, "\nWithout the detail format, the first line that is neither empty nor a comment decides.\n"+
		"virgo plugin new FILE --format FORMAT creates an example, virgo plugin test FILE shows what is read.")
	return err
}

// formatSummaries has a line for each format of package plugin.
func formatSummaries() map[string]string {
	return map[string]string{
		"virgo":      "lines \"status TEXT\" and \"metric NAME TYPE VALUE [UNIT]\", as plugins of Virgo and Cloudkick print",
		"nagios":     "a line of text with performance data after \"|\"; the exit code is the metric plugin_state",
		"checkmk":    "lines \"0 NAME METRIC=VALUE TEXT\" of local checks",
		"prometheus": "samples \"name{label=\"value\"} 1\", as exporters and textfile collectors write them",
		"influx":     "points \"measurement,tag=value field=1\" of the InfluxDB line protocol",
		"json":       "objects; every number, string and boolean in them is a metric",
	}
}

func printSettings(a *app) error {
	fmt.Fprintf(a.Out, "In %s; each variable overrides its key, and a flag both.\n\n", a.Paths().Config)
	var t term.Table
	for _, key := range config.Keys() {
		t.Cells(
			term.Cell{Text: key.Name, Color: term.Head},
			term.Cell{Text: key.Variable, Color: term.Faint},
			term.Cell{Text: settingSummaries()[key.Name]},
		)
	}
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.Out, "\nThree more keys have no variable: remote, what the endpoint may make this host do; secrets, passwords that\n"+
		"it can name and never sees; scripts, what checks in Lua may use. virgo help policy describes them.")
	return err
}

// settingSummaries has a line for each key of package config.
func settingSummaries() map[string]string {
	return map[string]string{
		"endpoint":        "HOST:PORT that results are delivered to; several are tried in order; an SRV name begins with _",
		"endpoints":       "another name for endpoint",
		"token":           "the secret that lets this host enrol: file:PATH, env:NAME, credential:NAME (systemd), or itself",
		"agent_id":        "id of this host at the endpoint",
		"agent_name":      "name of this host for people",
		"ca_file":         "CA certificates that the endpoint's is verified with, instead of the system's",
		"pin":             "SHA-256 of the endpoint's public key, as sha256:HEX or base64; more than one may be given",
		"backup_pin":      "likewise, of the endpoint's next key",
		"server_name":     "name in the endpoint's certificate, if it is not the one that is connected to",
		"client_cert":     "certificate, if the endpoint asks for one",
		"client_key":      "its key, if it is in another file",
		"proxy":           "http://, https:// or socks5://[user:password@]HOST:PORT, or none; default: HTTPS_PROXY",
		"no_proxy":        "hosts that are reached without the proxy; default: NO_PROXY",
		"spool.max_bytes": "bound of the waiting results, default " + term.Bytes(config.DefaultSpoolMaxBytes),
		"spool.max_age":   "age at which waiting results are dropped, default " + term.Age(config.DefaultSpoolMaxAge),
		"deadline":        "time limit of a run, default " + term.Age(config.DefaultDeadline),
		"flush_deadline":  "time limit of virgo flush, default " + term.Age(config.DefaultFlushDeadline),
		"concurrency": fmt.Sprintf("checks that run at the same time, default %d; a check that waits costs little",
			config.DefaultConcurrency),
		"environment": "variables of plugins besides PATH, HOME, USER, LOGNAME, SHELL, TMPDIR, TZ, LANG and LC_*: a mapping, " +
			"or a list of NAME=value; a NAME alone is virgo's own variable",
		"worker_user": "user that checks of services and other hosts run as if virgo is root; default: virgo, if there " +
			"is such a user; root: no other",
		"allow_remote":   "the former name of questions under remote: check.test, check.targets, host_info (default: all of these), or none",
		"host_info_deny": "types of host information that the endpoint may not request",
		"host_info_arguments": "what host information shows of command lines, cron jobs and options: names (default), or full, " +
			"which shows secrets",
		"alarm.command":    "program with arguments that is told of alarms of checks.d: JSON on its standard input, variables VIRGO_ALARM_*",
		"alarm.webhook":    "URL to which they are posted, or file:PATH, env:NAME, credential:NAME",
		"bundles":          "checks in Lua in a signed bundle: off, manual (default) or auto, which fetches newer ones from the endpoint",
		"bundle_signers":   "public keys that may sign the bundle, or the paths of their files; then until DATE, or revoked",
		"upgrade_signers":  "likewise, of those who may sign the programs themselves (virgo upgrade): they decide what runs on this host",
		"upgrade":          "off (default), or auto: once a day runs do what virgo upgrade does, if upgrade_signers has a key",
		"bundle_name":      "name of the bundle, default " + config.DefaultBundleName,
		"bundle_channel":   "the endpoint's series of versions that is followed, default " + config.DefaultBundleChannel,
		"schedule_max_age": "age at which the endpoint's schedule is fetched again, default " + term.Age(config.DefaultScheduleMaxAge),
	}
}
