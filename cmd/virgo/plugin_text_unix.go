//go:build unix

package main

// withPluginSuffix returns the name unchanged: the first line of a file says what runs it.
func withPluginSuffix(name string) (string, error) { return name, nil }

// pluginText returns a plugin that prints the format.
//
// It reads df(1) -P, whose lines are "DEVICE BLOCKS USED AVAILABLE PERCENT% MOUNT-POINT", and
// computes in the shell alone: an awk prints large integers as 2.2e+10 or without their last
// digits, each in its own way, while the integers of dash, bash, ksh93, BusyBox and the BSDs' sh
// have 64 bits.
func pluginText(format string) string {
	return `#!/bin/sh
# How full the file system of a folder is. Argument: the folder; / where there is none.
df -Pk "${1:-/}" | {
read -r header
read -r device blocks used available percent mount || exit 3
case $percent in
*%) percent=${percent%\%} ;;
-) percent=0 ;; # a file system without blocks, such as /proc
*) exit 3 ;;    # a device with a blank in its name
esac
used=$((used * 1024))
` + pluginOutput(format) + "}\n"
}

// pluginOutput returns the part of the plugin that prints the format.
func pluginOutput(format string) string {
	switch format {
	case "nagios":
		return `
# STATE TEXT | label=value[unit];warn;crit;min;max, and the exit code 0 ok, 1 warning, 2 critical, 3 unknown.
code=0 state=OK
[ "$percent" -ge 80 ] && code=1 state=WARNING
[ "$percent" -ge 90 ] && code=2 state=CRITICAL
echo "DISK $state - $percent% of $mount used | percent=$percent%;80;90;0;100 used=${used}B"
exit "$code"
`
	case "checkmk":
		return `
# STATE "NAME" metric=value;warn;crit|metric=value TEXT, where STATE is 0, 1, 2, 3, or P: by the levels.
echo "P \"Filesystem $mount\" percent=$percent;80;90;0;100|used=$used $percent% used"
`
	case "prometheus":
		return `
# NAME{label="value",...} VALUE, with HELP and TYPE lines before. \ and " in a label's value follow a \.
mount=$(printf '%s\n' "$mount" | sed 's/[\"]/\\&/g')
echo '# HELP filesystem_used_bytes Bytes in use.'
echo '# TYPE filesystem_used_bytes gauge'
printf '%s\n' "filesystem_used_bytes{mountpoint=\"$mount\"} $used"
echo '# TYPE filesystem_used_ratio gauge'
ratio=$((percent / 100)).$((percent / 10 % 10))$((percent % 10))
printf '%s\n' "filesystem_used_ratio{mountpoint=\"$mount\"} $ratio"
`
	case "influx":
		return `
# MEASUREMENT,tag=value field=value,field=value: an integer ends in i; a blank, comma or = in a tag follows a \.
mount=$(printf '%s\n' "$mount" | sed 's/[ ,=]/\\&/g')
printf '%s\n' "filesystem,path=$mount percent=$percent,used=${used}i"
`
	case "json":
		return `
# An object; its members are the metrics. \ and " in a string follow a \.
mount=$(printf '%s\n' "$mount" | sed 's/[\"]/\\&/g')
printf '%s\n' "{\"mount\": \"$mount\", \"percent\": $percent, \"used\": $used}"
`
	}
	return `
# status TEXT, state available|unavailable, metric NAME TYPE VALUE [UNIT]
echo "status $percent% of $mount used"
echo "metric percent double $percent percent"
echo "metric used uint64 $used bytes"
`
}
