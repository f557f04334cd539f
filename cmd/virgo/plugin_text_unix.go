//go:build unix

package main

// withPluginSuffix leaves a name as it is: the first line of a file says what runs it.
func withPluginSuffix(name string) (string, error) { return name, nil }

// pluginText is a plugin that prints the format; each line of df(1) -P is
// "DEVICE BLOCKS USED AVAILABLE PERCENT% MOUNT-POINT".
func pluginText(format string) string {
	return `#!/bin/sh
# How full the file system of a folder is. Argument: the folder; / where there is none.
df -Pk "${1:-/}" | awk '
NR == 2 {
	percent = $5 + 0
	used = $3 * 1024
	mount = $6
	found = 1
}
END {
	if (!found) exit 3
` + pluginWords(format) + "}'\n"
}

// pluginWords is the part of the plugin that speaks the format, in awk's language.
func pluginWords(format string) string {
	switch format {
	case "nagios":
		return `	# STATE TEXT | label=value[unit];warn;crit;min;max, and the exit code 0 ok, 1 warning, 2 critical, 3 unknown.
	code = percent >= 90 ? 2 : percent >= 80 ? 1 : 0
	split("OK WARNING CRITICAL", words, " ")
	print "DISK " words[code + 1] " - " percent "% of " mount " used | percent=" percent "%;80;90;0;100 used=" used "B"
	exit code
`
	case "checkmk":
		return `	# STATE "NAME" metric=value;warn;crit|metric=value TEXT, where STATE is 0, 1, 2, 3, or P: by the bounds.
	print "P \"Filesystem " mount "\" percent=" percent ";80;90;0;100|used=" used " " percent "% used"
`
	case "prometheus":
		return `	# NAME{label="value",...} VALUE, with TYPE and HELP lines before.
	print "# HELP filesystem_used_bytes Bytes in use."
	print "# TYPE filesystem_used_bytes gauge"
	print "filesystem_used_bytes{mountpoint=\"" mount "\"} " used
	print "# TYPE filesystem_used_ratio gauge"
	print "filesystem_used_ratio{mountpoint=\"" mount "\"} " percent / 100
`
	case "influx":
		return `	# MEASUREMENT,tag=value field=value,field=value: a whole number ends in i.
	print "filesystem,path=" mount " percent=" percent ",used=" used "i"
`
	case "json":
		return `	# One object; what is in it are the metrics.
	print "{\"mount\": \"" mount "\", \"percent\": " percent ", \"used\": " used "}"
`
	}
	return `	# status TEXT, state available|unavailable, metric NAME TYPE VALUE [UNIT]
	print "status " percent "% of " mount " used"
	print "metric percent double " percent " percent"
	print "metric used uint64 " used " bytes"
`
}
